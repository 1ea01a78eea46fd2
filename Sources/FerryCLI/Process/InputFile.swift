import FerryCore
import SystemPackage

/// Reads the small files that options name.
enum InputFile {
    /// More than this in a list of rules or paths is a mistake, such as naming the archive itself.
    private static let largest = 1 << 30

    /// Reads a file whole.
    ///
    /// - Parameters:
    ///   - path: The path, or `-` for standard input.
    ///   - option: The option that named it, for the message.
    /// - Returns: The content.
    /// - Throws: Why it cannot be read.
    static func read(_ path: [UInt8], for option: String) throws(CommandFailure) -> [UInt8] {
        do throws(Errno) {
            if path.elementsEqual("-".utf8) { return try readAll(.standardInput) }
            let file = try open(path)
            let content: Result<[UInt8], Errno> = Result { () throws(Errno) in try readAll(file) }
            close(file)
            return try content.get()
        } catch {
            throw CommandFailure(
                .usage,
                "cannot read the file of \(option), '\(displayName(of: path))': \(error.description); check the path")
        }
    }

    private static func open(_ path: [UInt8]) throws(Errno) -> FileDescriptor {
        guard !path.contains(0) else { throw .invalidArgument }
        do {
            let terminated: [CInterop.PlatformChar] = path.map { CChar(bitPattern: $0) } + [0]
            return try FileDescriptor.open(FilePath(platformString: terminated), .readOnly, options: .closeOnExec)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    private static func close(_ file: FileDescriptor) { try? file.close() }

    private static func readAll(_ file: FileDescriptor) throws(Errno) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count: Int
            do {
                // SAFETY: the call writes into the buffer only, and only while it runs.
                count = try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            } catch {
                throw error as? Errno ?? .ioError
            }
            if count == 0 { return content }
            content += buffer.prefix(count)
            if content.count > largest { throw .fileTooLarge }
        }
    }
}
