import Glibc

/// The few file operations that the harness itself needs, outside every timed region.
enum Files {
    /// Creates a directory and its missing parents; an existing directory is fine.
    static func makeDirectory(_ path: String) throws {
        if unsafe mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw BenchError.call("mkdir", path)
        }
        try makeDirectory(String(path[..<slash]))
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw BenchError.call("mkdir", path) }
    }

    /// Creates a new directory with a name that nobody else has.
    static func makeTemporaryDirectory(prefix: String) throws -> String {
        var template = Array((prefix + ".XXXXXX").utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw BenchError.call("mkdtemp", prefix) }
        return text(template)
    }

    /// Whether something is at `path`, a dangling link included.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// The absolute form of a path that may be relative to the current directory.
    static func absolute(_ path: String) throws -> String {
        if path.hasPrefix("/") { return path }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard unsafe getcwd(&buffer, buffer.count) != nil else { throw BenchError.call("getcwd") }
        return text(buffer) + "/" + path
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The whole of a file as text; invalid UTF-8 is repaired.
    ///
    /// Corresponds to `read(2)` until the end.
    static func read(_ path: String) throws -> String {
        let descriptor = try unsafe check(open(path, O_RDONLY | O_CLOEXEC), "open", path)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw BenchError.call("read", path) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a file to its end and keeps nothing of it.
    static func readThrough(_ path: String) throws {
        let descriptor = try unsafe check(open(path, O_RDONLY | O_CLOEXEC), "open", path)
        defer { close(descriptor) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw BenchError.call("read", path) }
            if count == 0 { return }
        }
    }

    /// Replaces a file by new content.
    static func write(_ text: String, to path: String) throws {
        let descriptor = try unsafe check(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644), "open", path)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            guard count > 0 else { throw BenchError.call("write", path) }
            done += count
        }
    }

    /// Free bytes of the file system that holds `path`, as an unprivileged process sees them.
    static func freeBytes(at path: String) throws -> Int64 {
        var status = statvfs()
        try check(unsafe statvfs(path, &status), "statvfs", path)
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }
}
