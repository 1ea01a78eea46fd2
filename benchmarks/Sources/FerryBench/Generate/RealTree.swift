import Glibc

/// Trees that people work with, made from what the machine has.
enum RealTree {
    /// The kernel's sources, from Debian's package `linux-source`.
    case linux
    /// A copy of `/usr`.
    case usr
    /// A clone of the repository that is the current directory, with its history.
    case checkout

    private static let sources = "/usr/src"

    /// What is missing, or nil.
    var unavailability: String? {
        switch self {
        case .linux:
            Self.archive == nil ? "\(Self.sources)/linux-source-*.tar.xz (package linux-source) is missing" : nil
        case .usr: nil
        case .checkout:
            !Files.exists(".git")
                ? "the current directory is no git repository"
                : Tools.find("git") == nil ? "git (package git) is not installed" : nil
        }
    }

    /// Makes the tree.
    ///
    /// - Parameter root: Where it goes.
    /// - Throws: When something is missing or a command fails.
    func make(at root: String) throws {
        if let unavailability { throw BenchError(unavailability) }
        let scratch = try Files.makeTemporaryDirectory(prefix: "/tmp/ferry-bench")
        defer { Tools.removeTree(scratch) }
        switch self {
        case .linux:
            guard let archive = Self.archive else { return }
            try Files.makeDirectory(root)
            try Tools.run(["tar", "-C", root, "--strip-components=1", "-xf", archive], scratch: scratch)
        case .usr:
            try Files.makeDirectory(root)
            try Tools.run(["cp", "-a", "/usr/.", root], scratch: scratch)
        case .checkout:
            try Tools.run(
                ["git", "clone", "-q", "--no-local", try Files.absolute("."), root], scratch: scratch)
        }
    }

    /// The archive of the sources, the last one by name of several.
    private static var archive: String? {
        guard let stream = unsafe opendir(sources) else { return nil }
        defer { unsafe closedir(stream) }
        var found: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasPrefix("linux-source-"), name.hasSuffix(".tar.xz") { found.append(sources + "/" + name) }
        }
        return found.max()
    }
}
