import FerryCore
import Synchronization

/// The SHA-256 of files whose content passed through a sync: for the next baseline, and for the observer where it wants them.
///
/// With them the next sync can tell who changed a file although no fingerprint is worth anything: after a restart of the sandbox,
/// or when the file was written a moment before it was listed.
final class DigestLog: Sendable {
    private let digests = Mutex(DigestTable())
    private let observer: SyncObserver?
    private let place: [UInt8]

    /// Makes an empty log.
    ///
    /// - Parameters:
    ///   - session: The sync.
    ///   - place: What is put before the paths that the observer is told.
    init(_ session: borrowing SyncSession, place: [UInt8] = []) {
        observer = session.options.takesDigests ? session.observer : nil
        self.place = place
    }

    /// Takes a digest; a later one of the same path counts.
    func add(_ path: [UInt8], _ digest: [UInt8]) {
        note(path, digest)
        observer?(.digest(path: RelativePath.join(place, path), sha256: digest))
    }

    /// Takes the digest of content that did not pass through, but was found to be the same on both sides.
    func note(_ path: [UInt8], _ digest: [UInt8]) {
        guard let digest = Digest(digest) else { return }
        let key = PathKey(path)
        digests.withLock { $0.add(digest, for: key) }
    }

    /// The digest of the content that passed through under a path; nil when none did.
    func digest(of path: [UInt8]) -> [UInt8]? {
        let key = PathKey(path)
        return digests.withLock { $0.digest(for: key)?.bytes }
    }

    /// Finds the digests of a tree's files, of those with several names by any of them.
    func lookup(in tree: Snapshot) -> @Sendable (_ path: [UInt8]) -> [UInt8]? {
        { path in
            if let digest = self.digest(of: path) { return digest }
            guard let id = tree.entry(at: RelativePath(unchecked: path)), tree.firstName(of: id) != id else {
                return nil
            }
            return self.digest(of: tree.path(of: tree.firstName(of: id)))
        }
    }
}

/// Digests by paths, in a third of the memory of a dictionary that grows: there are as many as files.
private struct DigestTable {
    private struct Entry {
        var key: PathKey
        var digest: Digest
    }

    private var entries = ChunkedArray<Entry>()
    /// The first entries by their keys, the later of one key behind the earlier.
    private var order: [UInt32] = []

    /// So few that were added since are looked through one by one.
    private static let mostUnordered = 32

    mutating func add(_ digest: Digest, for key: PathKey) { entries.append(Entry(key: key, digest: digest)) }

    mutating func digest(for key: PathKey) -> Digest? {
        if entries.count - order.count > Self.mostUnordered { putInOrder() }
        for index in (order.count..<entries.count).reversed() where entries[index].key == key {
            return entries[index].digest
        }
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if key < entries[Int(order[middle])].key { high = middle } else { low = middle + 1 }
        }
        guard low > 0 else { return nil }
        let found = entries[Int(order[low - 1])]
        return found.key == key ? found.digest : nil
    }

    private mutating func putInOrder() {
        let entries = entries
        order = (0..<UInt32(entries.count)).sorted { left, right in
            let (one, other) = (entries[Int(left)].key, entries[Int(right)].key)
            return one == other ? left < right : one < other
        }
    }
}

/// Stands for a path in 16 bytes.
///
/// Two hashes under a key that is random in each process and that nobody else knows, so no two paths meet, not even chosen ones.
private struct PathKey: Comparable {
    private let first: Int
    private let second: Int

    init(_ path: [UInt8]) {
        var hasher = Hasher()
        hasher.combine(path)
        var other = hasher
        first = hasher.finalize()
        other.combine(first)
        second = other.finalize()
    }

    static func < (left: PathKey, right: PathKey) -> Bool {
        left.first == right.first ? left.second < right.second : left.first < right.first
    }
}

/// The 32 bytes of a SHA-256, without an allocation.
private struct Digest {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ index: Int) -> UInt64 {
            bytes[(index * 8)..<(index * 8 + 8)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }
}
