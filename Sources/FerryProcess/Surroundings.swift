import CFerryShims
import Glibc
package import SystemPackage

/// What this process finds around it: variables, the terminal, small files of the user.
package enum Surroundings {
    /// A variable of the environment; nil when it is not set or empty.
    package static func variable(_ name: String) -> [UInt8]? {
        guard let value = unsafe getenv(name) else { return nil }
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
        return bytes.isEmpty ? nil : bytes
    }

    /// Whether somebody can be asked: standard input and standard error are a terminal.
    package static var hasTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// The whole content of a small file.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - limit: The most bytes it may have.
    /// - Returns: The content; nil when there is no such file.
    /// - Throws: `Errno`; `fileTooLarge` over the limit, `isDirectory` for anything but a regular file.
    package static func content(of path: [UInt8], limit: Int) throws(Errno) -> [UInt8]? {
        // Not blocking, so that a fifo of this name does not hang.
        let number = unsafe withPath(path) { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard number >= 0 else {
            let code = Errno(rawValue: errno)
            guard code == .noSuchFileOrDirectory || code == .notDirectory else { throw code }
            return nil
        }
        defer { close(number) }
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw Errno(rawValue: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .isDirectory }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(number, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Errno(rawValue: errno) }
            if count == 0 { return content }
            content.append(contentsOf: buffer[..<count])
            guard content.count <= limit else { throw .fileTooLarge }
        }
    }
}

/// Lends a path in the form that the system takes.
func withPath<Value>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Value) -> Value {
    let characters = path.map(CChar.init(bitPattern:)) + [0]
    return unsafe characters.withUnsafeBufferPointer { buffer in
        // SAFETY: the array has at least the terminator, so there is an address.
        unsafe body(buffer.baseAddress.unsafelyUnwrapped)
    }
}
