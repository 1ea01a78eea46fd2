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

/// Digests by paths, in less than half of the memory of a dictionary that grows: there are as many as files.
private struct DigestTable {
    private struct Entry {
        var key: PathKey
        var digest: Digest
    }

    private var entries = ChunkedArray<Entry>()
    /// Open addressing over the keys, made when somebody first asks; 0 is free, else the place among the entries and one.
    private var slots: [UInt32] = []
    /// How many entries are in it.
    private var slottedCount = 0

    mutating func add(_ digest: Digest, for key: PathKey) { entries.append(Entry(key: key, digest: digest)) }

    mutating func digest(for key: PathKey) -> Digest? {
        if slottedCount < entries.count { putIntoSlots() }
        guard entries.count > 0 else { return nil }
        let found = slots[slot(for: key)]
        return found == 0 ? nil : entries[Int(found) - 1].digest
    }

    private mutating func putIntoSlots() {
        if slots.count < 2 * entries.count {
            var count = 1 << 10
            while count < 2 * entries.count { count *= 2 }
            slots = [UInt32](repeating: 0, count: count)
            slottedCount = 0
        }
        // A later digest takes the place of an earlier one.
        for index in slottedCount..<entries.count { slots[slot(for: entries[index].key)] = UInt32(index + 1) }
        slottedCount = entries.count
    }

    /// Where a key is, or would be.
    private func slot(for key: PathKey) -> Int {
        var slot = key.first & (slots.count - 1)
        while slots[slot] != 0, entries[Int(slots[slot]) - 1].key != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }
}

/// Stands for a path in 16 bytes.
///
/// Two hashes under a key that is random in each process and that nobody else knows, so no two paths meet, not even chosen ones.
private struct PathKey: Equatable {
    let first: Int
    private let second: Int

    init(_ path: [UInt8]) {
        var hasher = Hasher()
        hasher.combine(path)
        var other = hasher
        first = hasher.finalize()
        other.combine(first)
        second = other.finalize()
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
