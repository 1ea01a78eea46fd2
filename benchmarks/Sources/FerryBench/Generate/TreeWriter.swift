import Glibc

/// Writes one tree, each entry with a fixed number of system calls; directory times are set at the end.
///
/// Relies on a umask of zero, so that modes arrive as asked without a call of their own.
final class TreeWriter {
    var random: SplitMix64
    private(set) var files = 0
    private(set) var links = 0
    private(set) var bytes: Int64 = 0

    private let root: Int32
    private let text: ContentPool
    private let noise: ContentPool
    private var made: Set<String> = []
    private var order: [String] = []

    /// What the bytes of a file look like.
    enum Content {
        case text, noise
    }

    /// Every generated time lies in the 180 days after this second.
    private static let epoch = 1_700_000_000
    private static let span = 180 * 86_400

    init(root path: String, seed: UInt64) throws {
        try Files.makeDirectory(path)
        try unsafe check(rmdir(path), "an empty or new destination is needed:", path)
        umask(0)
        try unsafe check(mkdir(path, 0o755), "mkdir", path)
        root = try unsafe check(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path)
        random = SplitMix64(seed: seed)
        text = .text(seed: seed ^ 0x7E87, size: 1 << 20)
        noise = .noise(seed: seed ^ 0xB14A, size: 4 << 20)
    }

    deinit {
        close(root)
    }

    /// The directories made so far, the root not counted.
    var directories: Int { order.count }

    /// Whether the tree already has this directory.
    func hasDirectory(_ path: String) -> Bool {
        made.contains(path)
    }

    /// Makes a directory and those above it; one that is there already stays as it is.
    func directory(_ path: String) throws {
        guard !path.isEmpty, !made.contains(path) else { return }
        try directory(parent(of: path))
        try unsafe check(mkdirat(root, path, 0o755), "mkdirat", path)
        made.insert(path)
        order.append(path)
    }

    /// Writes a file of `size` bytes.
    func file(_ path: String, _ size: Int, mode: mode_t = 0o644, _ content: Content = .text) throws {
        try directory(parent(of: path))
        let pool = content == .text ? text : noise
        // A read-only mode does not bind the descriptor that creates the file.
        let descriptor = try unsafe check(
            openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode), "openat", path)
        defer { close(descriptor) }
        var left = size
        while left > 0 {
            let start = random.below(pool.block)
            try write(pool, from: start, count: min(left, pool.block), to: descriptor, at: Int64(size - left), path)
            left -= min(left, pool.block)
        }
        try stamp(descriptor, path)
        files += 1
        bytes += Int64(size)
    }

    /// Writes a file that is mostly a hole: `islands` pieces of data, evenly spread over the apparent size.
    func sparseFile(_ path: String, apparent: Int, islands: Int, island: Int) throws {
        let descriptor = try unsafe check(
            openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644), "openat", path)
        defer { close(descriptor) }
        try check(ftruncate(descriptor, apparent), "ftruncate", path)
        let step = apparent / islands
        for index in 0..<islands {
            let offset = Int64(index * step + (step / 2) & ~4095)
            try write(noise, from: random.below(noise.block), count: island, to: descriptor, at: offset, path)
        }
        try stamp(descriptor, path)
        files += 1
        bytes += Int64(apparent)
    }

    /// Makes a symbolic link; its target need not exist.
    func link(_ path: String, to target: String) throws {
        try directory(parent(of: path))
        try unsafe check(symlinkat(target, root, path), "symlinkat", path)
        let times = nextTimes()
        try check(unsafe utimensat(root, path, times, AT_SYMLINK_NOFOLLOW), "utimensat", path)
        links += 1
    }

    /// Sets the times of the directories: last, because each new entry changes its directory's time.
    func finish() throws {
        for path in order {
            let times = nextTimes()
            try check(unsafe utimensat(root, path, times, 0), "utimensat", path)
        }
    }

    private func nextTimes() -> [timespec] {
        let time = timespec(
            tv_sec: Self.epoch + random.below(Self.span), tv_nsec: random.below(1_000_000_000))
        return [time, time]
    }

    private func stamp(_ descriptor: Int32, _ path: String) throws {
        let times = nextTimes()
        try check(unsafe futimens(descriptor, times), "futimens", path)
    }

    private func write(
        _ pool: ContentPool, from start: Int, count: Int, to descriptor: Int32, at offset: Int64, _ path: String
    ) throws {
        var done = 0
        while done < count {
            let written = unsafe pool.bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor, buffer.baseAddress?.advanced(by: start + done), count - done, Int(offset) + done)
            }
            guard written > 0 else { throw BenchError.call("pwrite", path) }
            done += written
        }
    }

    private func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(path[..<slash])
    }
}
