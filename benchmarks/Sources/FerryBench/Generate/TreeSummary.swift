import Glibc

/// What a generated tree holds; also the proof, beside a kept tree, that its generation came to an end.
struct TreeSummary: Codable, Equatable, Sendable {
    var profile: Profile
    var scale: Double
    var seed: UInt64
    var files = 0
    var directories = 0
    var links = 0
    /// The sum of the files' sizes, holes included.
    var bytes: Int64 = 0

    /// What it is called in reports.
    var label: String { scale == 1 ? profile.rawValue : "\(profile.rawValue) at scale \(scale.short)" }

    /// Everything below the root; the root itself is not counted.
    var entries: Int { files + directories + links }
}

extension TreeSummary {
    /// Counts what lies in a tree that was not generated.
    ///
    /// - Parameters:
    ///   - root: Where it is.
    ///   - profile: What it is.
    /// - Throws: When a directory cannot be listed.
    init(counting root: String, profile: Profile) throws {
        self.init(profile: profile, scale: 1, seed: 0)
        try count(root)
    }

    private mutating func count(_ directory: String) throws {
        guard let stream = unsafe opendir(directory) else { throw BenchError.call("opendir", directory) }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var status = stat()
            try check(unsafe fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW), "fstatat", name)
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                directories += 1
                try count(directory + "/" + name)
            case S_IFLNK: links += 1
            default:
                files += 1
                bytes += Int64(status.st_size)
            }
        }
    }
}
