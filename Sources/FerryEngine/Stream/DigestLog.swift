import FerryCore
import Synchronization

/// The SHA-256 of files whose content passed through a sync: for the next baseline, and for the observer where it wants them.
///
/// With them the next sync can tell who changed a file although no fingerprint is worth anything: after a restart of the sandbox,
/// or when the file was written a moment before it was listed.
final class DigestLog: Sendable {
    /// Of files that came by their paths.
    private let digests = Mutex(DigestTable())
    /// Of files that a tree names.
    private let entries = Mutex(EntryDigests())
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

    /// Takes the digest of a file that was sent; a later one of the same file counts.
    ///
    /// - Parameters:
    ///   - id: The file.
    ///   - tree: The tree that it is in, the same for all.
    ///   - digest: The digest.
    func add(_ id: EntryID, of tree: Snapshot, _ digest: [UInt8]) {
        observer?(.digest(path: RelativePath.join(place, tree.path(of: id)), sha256: digest))
        guard let digest = Digest(digest) else { return }
        entries.withLock { $0.add(digest, of: id) }
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
    func lookup(in tree: Snapshot) -> @Sendable (_ file: EntryID) -> [UInt8]? {
        { id in
            if let digest = self.digest(of: id, in: tree) { return digest }
            let first = tree.firstName(of: id)
            return first == id ? nil : self.digest(of: first, in: tree)
        }
    }

    /// The same by the files' paths.
    func lookup(byPathIn tree: Snapshot) -> @Sendable (_ path: [UInt8]) -> [UInt8]? {
        let lookup = lookup(in: tree)
        return { tree.entry(at: RelativePath(unchecked: $0)).flatMap(lookup) }
    }

    private func digest(of id: EntryID, in tree: Snapshot) -> [UInt8]? {
        if let digest = entries.withLock({ $0.digest(of: id)?.bytes }) { return digest }
        return digests.withLock(\.isEmpty) ? nil : digest(of: tree.path(of: id))
    }
}

/// Digests by the entries of one tree: 36 bytes each, and in the end four for each entry of the tree.
private struct EntryDigests {
    private struct Entry {
        // Words of four bytes, so that no room is left between one entry and the next.
        var id: EntryID
        var digest: Digest
    }

    private var entries = ChunkedArray<Entry>()
    /// By segment and index the place among the entries and one, made when somebody first asks; 0 for none.
    private var places: [[UInt32]] = []
    /// How many entries have their place.
    private var placedCount = 0

    mutating func add(_ digest: Digest, of id: EntryID) { entries.append(Entry(id: id, digest: digest)) }

    mutating func digest(of id: EntryID) -> Digest? {
        while placedCount < entries.count { place(entries[placedCount].id) }
        let (segment, index) = (id.segment, id.index)
        guard segment < places.count, index < places[segment].count, places[segment][index] > 0 else { return nil }
        return entries[Int(places[segment][index]) - 1].digest
    }

    /// A later digest takes the place of an earlier one.
    private mutating func place(_ id: EntryID) {
        placedCount += 1
        while places.count <= id.segment { places.append([]) }
        let missing = id.index + 1 - places[id.segment].count
        if missing > 0 { places[id.segment].append(contentsOf: repeatElement(0, count: missing)) }
        places[id.segment][id.index] = UInt32(placedCount)
    }
}

/// Digests by paths, in less than half of the memory of a dictionary that grows: there are as many as files.
private struct DigestTable {
    private struct Entry {
        var key: PathKey
        var digest: Digest
    }

    private var entries = ChunkedArray<Entry>()
    var isEmpty: Bool { entries.count == 0 }
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
    private let words: InlineArray<8, UInt32>

    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        words = InlineArray { index in bytes[(index * 4)..<(index * 4 + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for index in words.indices {
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: words[index] >> shift))
            }
        }
        return bytes
    }
}
