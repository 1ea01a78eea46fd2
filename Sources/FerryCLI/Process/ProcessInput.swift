import Glibc

/// What the process was started with, as bytes.
///
/// Swift's own accessors repair what is not UTF-8, so this asks the C library.
enum ProcessInput {
    /// The arguments without the program's name.
    static var arguments: [[UInt8]] {
        var arguments: [[UInt8]] = []
        for index in 1..<max(1, Int(CommandLine.argc)) {
            // SAFETY: the kernel gives argc pointers to C strings that live as long as the process.
            guard let argument = unsafe CommandLine.unsafeArgv[index] else { break }
            arguments.append(unsafe bytes(of: argument))
        }
        return arguments
    }

    /// The value of an environment variable; nil when it is not set or empty.
    static func environment(_ name: String) -> [UInt8]? {
        // SAFETY: nothing in this process changes the environment, so the pointer stays valid while it is read.
        guard let value = unsafe getenv(name) else { return nil }
        let bytes = unsafe bytes(of: value)
        return bytes.isEmpty ? nil : bytes
    }

    private static func bytes(of string: UnsafePointer<CChar>) -> [UInt8] {
        let count = unsafe strlen(string)
        return unsafe UnsafeBufferPointer(start: string, count: count).map { UInt8(bitPattern: $0) }
    }
}
