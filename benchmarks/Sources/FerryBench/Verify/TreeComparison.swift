import Glibc

/// Compares two trees entry by entry and byte by byte; stronger than a digest, and it names the first difference.
///
/// Compared are names, kinds, the twelve mode bits, sizes, contents, link targets and modification times, those of
/// directories too. Not compared: the roots' own metadata, owners, access and change times, where holes lie.
struct TreeComparison {
    /// How exact times have to be.
    enum Times: String, Codable, Sendable {
        case nanoseconds
        /// Whole seconds, all that a tar in GNU or plain ustar format carries.
        case seconds
        /// Whole seconds of regular files: what a copy file by file keeps.
        case ofFiles
        /// The same, and no mode bits either.
        case ofBareFiles
    }

    let times: Times
    /// The mode bits that count.
    let modes: mode_t
    private(set) var entries = 0
    private var left = [UInt8](repeating: 0, count: 1 << 18)
    private var right = [UInt8](repeating: 0, count: 1 << 18)

    /// - Parameters:
    ///   - times: How exact times have to be.
    ///   - ignoresSpecialModes: Whether the setuid, setgid and sticky bits may differ, which Ferry never carries.
    init(times: Times, ignoresSpecialModes: Bool = false) {
        self.times = times
        modes = times == .ofBareFiles ? S_IFMT : ignoresSpecialModes ? ~(S_ISUID | S_ISGID | S_ISVTX) : ~0
    }

    /// Compares the trees below two directories.
    ///
    /// - Returns: the first difference found, or nil for equal trees.
    /// - Throws: when something cannot be read.
    mutating func firstDifference(_ expected: String, _ actual: String) throws -> String? {
        entries = 0
        let one = try unsafe check(open(expected, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", expected)
        defer { close(one) }
        let two = try unsafe check(open(actual, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", actual)
        defer { close(two) }
        return try directories(one, two, "")
    }

    private mutating func directories(_ one: Int32, _ two: Int32, _ path: String) throws -> String? {
        let expected = try names(one, path)
        let actual = try names(two, path)
        if expected != actual {
            let missing = Set(expected).subtracting(actual).min().map { "missing: \(path)\($0)" }
            let extra = Set(actual).subtracting(expected).min().map { "extra: \(path)\($0)" }
            return [missing, extra].compactMap { $0 }.joined(separator: ", ")
        }
        for name in expected {
            if let difference = try entry(name, one, two, path + name) { return difference }
        }
        return nil
    }

    private mutating func entry(_ name: String, _ one: Int32, _ two: Int32, _ path: String) throws -> String? {
        entries += 1
        var expected = stat()
        var actual = stat()
        try check(unsafe fstatat(one, name, &expected, AT_SYMLINK_NOFOLLOW), "fstatat", path)
        try check(unsafe fstatat(two, name, &actual, AT_SYMLINK_NOFOLLOW), "fstatat", path)
        guard expected.st_mode & modes == actual.st_mode & modes else {
            return "mode of \(path): \(String(actual.st_mode, radix: 8)), not \(String(expected.st_mode, radix: 8))"
        }
        let hasTime = (times != .ofFiles && times != .ofBareFiles) || expected.st_mode & S_IFMT == S_IFREG
        let isSameSecond = expected.st_mtim.tv_sec == actual.st_mtim.tv_sec
        let isSameNanosecond = times != .nanoseconds || expected.st_mtim.tv_nsec == actual.st_mtim.tv_nsec
        guard !hasTime || (isSameSecond && isSameNanosecond) else {
            let (was, wanted) = (actual.st_mtim, expected.st_mtim)
            return "time of \(path): \(was.tv_sec) s \(was.tv_nsec) ns, not \(wanted.tv_sec) s \(wanted.tv_nsec) ns"
        }
        switch expected.st_mode & S_IFMT {
        case S_IFDIR:
            let left = try unsafe check(openat(one, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat", path)
            defer { close(left) }
            let right = try unsafe check(openat(two, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat", path)
            defer { close(right) }
            return try directories(left, right, path + "/")
        case S_IFLNK:
            let left = try target(one, name, path)
            return left == (try target(two, name, path)) ? nil : "target of \(path)"
        case S_IFREG:
            guard expected.st_size == actual.st_size else {
                return "size of \(path): \(actual.st_size), not \(expected.st_size)"
            }
            return try contentsEqual(one, two, name, path) ? nil : "content of \(path)"
        default:
            return nil
        }
    }

    private mutating func contentsEqual(_ one: Int32, _ two: Int32, _ name: String, _ path: String) throws -> Bool {
        let expected = try unsafe check(openat(one, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "openat", path)
        defer { close(expected) }
        let actual = try unsafe check(openat(two, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "openat", path)
        defer { close(actual) }
        while true {
            let count = unsafe left.withUnsafeMutableBytes { unsafe read(expected, $0.baseAddress, $0.count) }
            let other = unsafe right.withUnsafeMutableBytes { unsafe read(actual, $0.baseAddress, $0.count) }
            guard count >= 0, other >= 0 else { throw BenchError.call("read", path) }
            guard count == other else { return false }
            if count == 0 { return true }
            let difference = unsafe left.withUnsafeBytes { one in
                unsafe right.withUnsafeBytes { two in
                    guard let one = one.baseAddress, let two = two.baseAddress else { return Int32(1) }
                    return unsafe memcmp(one, two, count)
                }
            }
            guard difference == 0 else { return false }
        }
    }

    private func target(_ directory: Int32, _ name: String, _ path: String) throws -> [CChar] {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(directory, name, &buffer, buffer.count)
        guard count >= 0 else { throw BenchError.call("readlinkat", path) }
        return Array(buffer[..<count])
    }

    /// The names in a directory, sorted.
    ///
    /// The generator writes UTF-8 names only, so strings hold them all.
    private func names(_ directory: Int32, _ path: String) throws -> [String] {
        let copy = try unsafe check(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat", path)
        guard let stream = unsafe fdopendir(copy) else {
            close(copy)
            throw BenchError.call("fdopendir", path)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            // No part of the tree: the file system's own, and where assets go and the origin's way works in.
            let isForeign = path.isEmpty && ["lost+found", Scene.runtimeDirectory].contains(name)
            if name != ".", name != "..", !isForeign { names.append(name) }
        }
        return names.sorted()
    }
}
