import Glibc

/// Changes a few files of a tree: the same seed changes the same ones in the same way.
struct TreeChanges {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Appends a line to some files, so that programs that look at sizes and whole seconds see it too.
    ///
    /// - Parameters:
    ///   - tree: Where the files are.
    ///   - count: How many of so many are to be changed.
    /// - Throws: When the tree cannot be read or a file cannot be written to.
    mutating func change(_ tree: String, count: (Int) -> Int) throws {
        var files: [String] = []
        try Self.collect(tree, into: &files)
        files.sort()
        let wanted = count(files.count)
        // The first ones of a random order.
        for index in 0..<wanted { files.swapAt(index, index + random.below(files.count - index)) }
        for path in files[..<wanted] {
            let descriptor = try unsafe check(open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC), "open", path)
            defer { close(descriptor) }
            let line = Array("changed \(random.next())\n".utf8)
            let written = unsafe line.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written == line.count else { throw BenchError.call("write", path) }
        }
    }

    private static func collect(_ directory: String, into files: inout [String]) throws {
        guard let stream = unsafe opendir(directory) else { throw BenchError.call("opendir", directory) }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let type = unsafe Int32(entry.pointee.d_type)
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            if type == Int32(DT_DIR) {
                try collect(directory + "/" + name, into: &files)
            } else if type == Int32(DT_REG) {
                files.append(directory + "/" + name)
            }
        }
    }
}
