/// The entries of one tree at one time.
///
/// Kept as a few segments of 48-byte records with the names in arenas; the children of a directory are contiguous and sorted,
/// so two snapshots are compared in one pass and no sort of the whole is ever needed. Immutable once made.
public struct Snapshot: Sendable {
    private var segments: [SnapshotSegment]
    /// The root directory's own entry; its name is empty.
    public let root: EntryID
    /// The number of entries, the root not counted.
    public let entryCount: Int
    /// The sum of the sizes of all regular files, a hard-linked file counted once.
    public private(set) var byteCount: Int64 = 0

    /// Puts together what the workers of a scan found.
    ///
    /// - Parameter segments: All segments, numbered from 0; the first entry of the first is the root.
    public init(merging segments: consuming [SnapshotSegment]) {
        self.segments = segments
        self.segments.sort { $0.number < $1.number }
        root = EntryID(segment: 0, index: 0)
        entryCount = self.segments.reduce(0) { $0 + $1.records.count } - 1
        for number in self.segments.indices {
            let amendments = exchange(&self.segments[number].amendments, with: [])
            for amendment in amendments { self.segments[amendment.directory.segment].carryOut(amendment) }
        }
        byteCount = self.segments.reduce(0) { $0.addingUpTo(max: $1.byteCount) }
        linkNames()
    }

    /// Takes over one finished segment whose hard links are known.
    ///
    /// - Parameters:
    ///   - segments: The one segment.
    ///   - links: Indices of links and of the files that they name.
    init(merging segments: [SnapshotSegment], linkedTo links: [(UInt32, UInt32)]) {
        self.segments = segments
        root = EntryID(segment: 0, index: 0)
        entryCount = segments[0].records.count - 1
        var first = Dictionary(links.map { ($0.1, $0.1) }, uniquingKeysWith: { left, _ in left })
        // The first name in the order of paths may be one of the links.
        for (link, target) in links {
            let paths = (path(of: EntryID(rawValue: link)), path(of: EntryID(rawValue: first[target] ?? target)))
            if RelativePath(unchecked: paths.0) < RelativePath(unchecked: paths.1) { first[target] = link }
        }
        for (link, target) in links {
            self.segments[0].records[Int(link)].link = first[target] ?? target
            self.segments[0].records[Int(target)].link = first[target] ?? target
        }
        self.segments[0].severalNames = []
        byteCount = sumOfSizes()
    }

    /// A tree that holds nothing.
    public static var empty: Snapshot {
        var segment = SnapshotSegment(number: 0)
        segment.append(name: [], parent: segment.nextID, status: EntryStatus(kind: .directory))
        return Snapshot(merging: [segment])
    }

    /// The record of an entry.
    ///
    /// Inlined, so that who wants one field of it does not copy the rest.
    public subscript(id: EntryID) -> EntryRecord {
        @inline(__always) get { segments[id.segment].records[id.index] }
    }

    /// The children of a directory, sorted by name.
    public func children(of directory: EntryID) -> EntryRange {
        let record = self[directory]
        guard record.kind == .directory else { return EntryRange(first: 0, count: 0) }
        return EntryRange(first: record.link, count: record.count)
    }

    /// The directory that holds an entry; nil for the root.
    public func parent(of id: EntryID) -> EntryID? {
        id == root ? nil : EntryID(rawValue: self[id].parent)
    }

    /// An entry's name with a NUL behind it.
    public func terminatedName(of id: EntryID) -> TerminatedName {
        let record = self[id]
        return TerminatedName(
            unchecked: segments[id.segment].arena.terminated(at: record.nameOffset, count: Int(record.nameLength)))
    }

    /// An entry's name.
    public func name(of id: EntryID) -> ArraySlice<UInt8> { terminatedName(of: id).bytes }

    /// The first byte of an entry's name; NUL for the root.
    func firstByte(ofNameOf id: EntryID) -> UInt8 { segments[id.segment].arena.byte(at: self[id].nameOffset) }

    /// A symbolic link's target with a NUL behind it; empty for other kinds.
    package func terminatedTarget(of id: EntryID) -> ArraySlice<UInt8> {
        let record = self[id]
        guard record.kind == .symlink else { return [0] }
        return segments[id.segment].arena.terminated(at: record.link, count: Int(record.count))
    }

    /// A symbolic link's target.
    public func target(of id: EntryID) -> ArraySlice<UInt8> { terminatedTarget(of: id).dropLast() }

    /// An entry's path below the root; empty for the root.
    public func path(of id: EntryID) -> [UInt8] {
        var length = 0
        var current = id
        while current != root {
            let record = self[current]
            length += Int(record.nameLength) + 1
            current = EntryID(rawValue: record.parent)
        }
        guard length > 0 else { return [] }
        var path = [UInt8](repeating: RelativePath.separator, count: length - 1)
        var end = length - 1
        current = id
        while current != root {
            let name = name(of: current)
            path.replaceSubrange((end - name.count)..<end, with: name)
            end -= name.count + 1
            current = EntryID(rawValue: self[current].parent)
        }
        return path
    }

    /// The first name, in the order of paths, of the file that an entry is a name of; the entry itself when it is the first.
    public func firstName(of id: EntryID) -> EntryID {
        let record = self[id]
        return record.kind == .file ? EntryID(rawValue: record.link) : id
    }

    /// The device that an entry lies on.
    public func device(of id: EntryID) -> UInt64 {
        let index = Int(self[id].device)
        return index < segments[id.segment].devices.count ? segments[id.segment].devices[index] : .max
    }

    /// The inode number of an entry.
    public func inode(of id: EntryID) -> UInt64 { self[id].inodeNumber }

    /// When a file last changed in content or metadata, of those changes that are not in the future; nil without any.
    ///
    /// - Parameter now: The time.
    /// - Returns: The latest time that counts.
    package func latestChange(notAfter now: Timestamp) -> Timestamp? {
        var latest: Timestamp?
        func take(_ time: Timestamp) {
            if time <= now, latest.map({ $0 < time }) ?? true { latest = time }
        }
        for segment in segments {
            for index in 0..<segment.records.count where segment.records[index].kind == .file {
                take(segment.records[index].mtime)
                take(segment.records[index].ctime)
            }
        }
        return latest
    }

    /// The child of a directory that has a name; nil when there is none.
    public func child(of directory: EntryID, named name: some Collection<UInt8>) -> EntryID? {
        let children = children(of: directory)
        var low = 0
        var high = children.count
        while low < high {
            let middle = (low + high) / 2
            let found = self.name(of: children[middle])
            if found.elementsEqual(name) { return children[middle] }
            if found.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The entry at a path; nil when there is none.
    public func entry(at path: RelativePath) -> EntryID? {
        var current = root
        for component in path.components {
            guard let next = child(of: current, named: component) else { return nil }
            current = next
        }
        return current
    }

    /// Changes one record in place.
    mutating func amendRecord(of id: EntryID, _ change: (inout EntryRecord, inout ByteArena) -> Void) {
        var record = segments[id.segment].records[id.index]
        change(&record, &segments[id.segment].arena)
        segments[id.segment].records[id.index] = record
    }

    /// Marks every directory, the root included.
    package mutating func markDirectories(_ flags: EntryFlags) {
        for number in segments.indices {
            for index in 0..<segments[number].records.count where segments[number].records[index].kind == .directory {
                segments[number].records[index].flags.formUnion(flags)
            }
        }
    }

    /// Joins the names of each file: every one points at the first in the order of paths, and the size counts once.
    private mutating func linkNames() {
        struct File: Hashable {
            var device: UInt64
            var inode: UInt64
        }
        let names = segments.flatMap(\.severalNames)
        guard names.count > 1 else { return }
        let ordered = names.map { (id: $0, path: RelativePath(unchecked: path(of: $0))) }.sorted { $0.path < $1.path }
        var first: [File: EntryID] = [:]
        for (id, _) in ordered {
            // On one of several devices that are not told apart, the same inode number may be another file's.
            if Int(self[id].device) == SnapshotSegment.mostDevices { continue }
            let file = File(device: device(of: id), inode: self[id].inodeNumber)
            if let original = first[file] {
                segments[id.segment].records[id.index].link = original.rawValue
                if byteCount < .max { byteCount -= self[id].size }
            } else {
                first[file] = id
            }
        }
    }

    private func sumOfSizes() -> Int64 {
        var sum: Int64 = 0
        for segment in segments {
            for index in 0..<segment.records.count {
                let record = segment.records[index]
                if record.kind == .file, record.link == EntryID(segment: segment.number, index: index).rawValue {
                    sum = sum.addingUpTo(max: record.size)
                }
            }
        }
        return sum
    }
}

/// The children of one directory.
public struct EntryRange: RandomAccessCollection, Sendable {
    let first: UInt32
    /// The number of children.
    public let count: Int

    init(first: UInt32, count: UInt32) {
        self.first = first
        self.count = Int(count)
    }

    /// The first position.
    public var startIndex: Int { 0 }
    /// The position after the last.
    public var endIndex: Int { count }

    /// The child at a position.
    public subscript(position: Int) -> EntryID { EntryID(rawValue: first + UInt32(position)) }
}
