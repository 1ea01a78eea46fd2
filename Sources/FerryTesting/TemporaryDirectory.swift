import Glibc

/// A new directory for one test, removed with all that is in it, whatever the modes, when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// The directory's absolute path.
    public let path: [UInt8]

    /// Makes a directory below `$TMPDIR`, or `/tmp`.
    ///
    /// - Parameter prefix: What its name begins with.
    /// - Throws: ``DiskError``.
    public init(prefix: String = "ferry-test") throws(DiskError) {
        let base = unsafe getenv("TMPDIR").map { unsafe Array(String(cString: $0).utf8) } ?? Array("/tmp".utf8)
        var template = (base + Array("/\(prefix)-XXXXXX".utf8)).map(CChar.init(bitPattern:)) + [0]
        guard unsafe mkdtemp(&template) != nil else { throw DiskError(call: "mkdtemp", path: base, code: errno) }
        path = template.dropLast().map(UInt8.init(bitPattern:))
    }

    deinit {
        (try? DiskDirectory(path))?.removeContent()
        unsafe withName(path) { _ = unsafe rmdir($0) }
    }

    /// The path as text, for programs that take one.
    public var text: String { String(decoding: path, as: UTF8.self) }

    /// The path of something in the directory.
    public func path(_ name: String) -> [UInt8] { path + Array("/\(name)".utf8) }

    /// Makes a directory in this one.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - content: What is in it.
    /// - Returns: Its path.
    /// - Throws: ``DiskError``.
    @discardableResult
    public func directory(_ name: String, _ content: Tree = Tree()) throws(DiskError) -> [UInt8] {
        let path = path(name)
        let status = unsafe withName(path) { unsafe mkdir($0, 0o755) }
        if status != 0 && errno != EEXIST { throw DiskError(call: "mkdir", path: path, code: errno) }
        unsafe withName(path) { _ = unsafe chmod($0, 0o755) }
        try content.write(into: path)
        return path
    }
}
