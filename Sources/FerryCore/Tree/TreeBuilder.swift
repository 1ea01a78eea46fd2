/// Builds a snapshot from entries that come one by one in any order, such as the members of an archive.
///
/// Directories that are only implied by the paths below them are made up. A path that comes again replaces what it was, as
/// long as the kind stays the same. Takes about 75 bytes an entry until it is finished.
public struct TreeBuilder: Sendable {
    /// Why an entry does not fit into the tree.
    public enum Misfit: Error, Sendable, Hashable {
        /// Something above it is not a directory.
        case belowNonDirectory
        /// The path was there before as something of another kind.
        case changesKind(EntryKind)
        /// A component is longer than any file system takes.
        case nameTooLong
    }

    /// How an entry came into the tree.
    public enum Insertion: Sendable {
        /// It is new.
        case added(EntryID)
        /// It replaced an earlier one of the same path.
        case replaced(EntryID)

        /// Where it is, until the tree is finished.
        public var id: EntryID {
            switch self {
            case .added(let id), .replaced(let id): id
            }
        }
    }

    private var segment = SnapshotSegment(number: 0)
    /// Open addressing over (parent, name); 0 is free, else the index and one.
    private var table = [UInt32](repeating: 0, count: 1024)
    /// The directory of the entry before: archives are mostly in order.
    private var lastDirectory: (path: [UInt8], id: EntryID)
    private var linkTargets: [(link: EntryID, target: EntryID)] = []

    /// Makes an empty tree.
    public init() {
        let root = segment.append(
            name: [], parent: segment.nextID, status: EntryStatus(kind: .directory), flags: .hasNoMetadata)
        lastDirectory = ([], root)
    }

    /// The number of entries, those that were made up included.
    public var count: Int { segment.records.count - 1 }

    /// The root directory's own entry.
    package var root: EntryID { EntryID(segment: 0, index: 0) }

    /// What an entry is by now.
    public subscript(id: EntryID) -> EntryRecord { segment.records[id.index] }

    /// Adds an entry.
    ///
    /// - Parameters:
    ///   - path: Where.
    ///   - status: What it is.
    ///   - target: A symbolic link's target.
    ///   - madeUp: Told each directory that had to be made up, from the top.
    /// - Returns: Where it is.
    /// - Throws: ``Misfit``.
    public mutating func insert(
        _ path: RelativePath, status: EntryStatus, target: ArraySlice<UInt8> = [], madeUp: (ArraySlice<UInt8>) -> Void
    ) throws(Misfit) -> Insertion {
        let parent = try directory(above: path, madeUp: madeUp)
        let name = path.name
        let slot = slot(name, in: parent)
        guard table[slot] != 0 else {
            return .added(try append(name, to: parent, status: status, target: target, slot: slot))
        }
        let existing = EntryID(segment: 0, index: Int(table[slot]) - 1)
        let kind = segment.records[existing.index].kind
        guard kind == status.kind else { throw .changesKind(kind) }
        var record = segment.records[existing.index]
        record.flags = []
        if kind == .symlink {
            record.link = segment.arena.append(target.span)
            record.count = UInt32(target.count)
        }
        segment.set(status, in: &record, id: existing)
        segment.records[existing.index] = record
        return .replaced(existing)
    }

    /// The entry at a path; nil when there is none.
    public mutating func find(_ path: RelativePath) -> EntryID? {
        var current = EntryID(segment: 0, index: 0)
        for component in path.components {
            guard let next = find(component, in: current) else { return nil }
            current = next
        }
        return current
    }

    /// Says that an entry is another name of a file.
    ///
    /// - Parameters:
    ///   - link: The entry; its metadata becomes the file's.
    ///   - target: The file.
    public mutating func link(_ link: EntryID, to target: EntryID) {
        linkTargets.append((link, target))
    }

    /// Marks an entry.
    public mutating func mark(_ id: EntryID, _ flags: EntryFlags) {
        segment.records[id.index].flags.formUnion(flags)
    }

    /// Sorts everything into its place.
    ///
    /// Changes the builder, which is of no use afterwards: to consume a copy that somebody else still holds would copy every record.
    ///
    /// - Returns: The snapshot. Identifiers given out before are void.
    public mutating func finish() -> Snapshot {
        let count = segment.records.count
        table = []
        for (link, target) in linkTargets { takeOver(link, target) }
        // Children of one directory together, in the order of names: a counting sort by parent, then one by name in each.
        var starts = [UInt32](repeating: 0, count: count + 1)
        for index in 1..<max(count, 1) { starts[Int(segment.records[index].parent) + 1] += 1 }
        starts[0] = 1
        for index in 1...count { starts[index] += starts[index - 1] }
        var order = [UInt32](repeating: 0, count: count)
        for index in 1..<max(count, 1) {
            let parent = Int(segment.records[index].parent)
            order[Int(starts[parent])] = UInt32(index)
            starts[parent] += 1
        }
        // Now each says where the children end, and so where those of the next directory begin.
        let ends = starts
        func children(_ parent: Int) -> Range<Int> { (parent == 0 ? 1 : Int(ends[parent - 1]))..<Int(ends[parent]) }
        for parent in 0..<count {
            let range = children(parent)
            if range.count > 1 { sortByName(&order, range) }
        }
        var place = [UInt32](repeating: 0, count: count)
        for (position, index) in order.enumerated() { place[Int(index)] = UInt32(position) }
        for parent in 0..<count where segment.records[parent].kind == .directory {
            let range = children(parent)
            segment.records[parent].link = range.isEmpty ? 0 : UInt32(range.lowerBound)
            segment.records[parent].count = UInt32(range.count)
        }
        for index in 0..<count {
            segment.records[index].parent = place[Int(segment.records[index].parent)]
            if segment.records[index].kind == .file {
                segment.records[index].link = place[Int(segment.records[index].link)]
            }
        }
        permute(&order)
        let finished = exchange(&segment, with: SnapshotSegment(number: 0))
        return Snapshot(
            merging: [finished], linkedTo: linkTargets.map { (place[$0.link.index], place[$0.target.index]) })
    }

    // MARK: Parts

    private mutating func directory(above path: RelativePath, madeUp: (ArraySlice<UInt8>) -> Void) throws(Misfit)
        -> EntryID
    {
        let bytes = path.bytes
        guard let slash = bytes.lastIndex(of: RelativePath.separator) else { return EntryID(segment: 0, index: 0) }
        if lastDirectory.path.count == slash, bytes.starts(with: lastDirectory.path) { return lastDirectory.id }
        var current = EntryID(segment: 0, index: 0)
        var start = 0
        while start < slash {
            let end = bytes[start...].firstIndex(of: RelativePath.separator) ?? slash
            let name = bytes[start..<end]
            if let next = find(name, in: current) {
                guard segment.records[next.index].kind == .directory else { throw .belowNonDirectory }
                current = next
            } else {
                current = try append(name, to: current, status: EntryStatus(kind: .directory, mode: 0o755))
                segment.records[current.index].flags.insert(.hasNoMetadata)
                madeUp(bytes[..<end])
            }
            start = end + 1
        }
        lastDirectory = (Array(bytes[..<slash]), current)
        return current
    }

    private mutating func append(
        _ name: ArraySlice<UInt8>, to parent: EntryID, status: EntryStatus, target: ArraySlice<UInt8> = [],
        slot free: Int? = nil
    ) throws(Misfit) -> EntryID {
        guard name.count <= 255 else { throw .nameTooLong }
        let id = segment.append(name: name, parent: parent, status: status, target: target)
        let mustGrow = segment.records.count * 2 > table.count
        if mustGrow { grow() }
        table[mustGrow ? slot(name, in: parent) : free ?? slot(name, in: parent)] = UInt32(id.index + 1)
        return id
    }

    private func find(_ name: ArraySlice<UInt8>, in parent: EntryID) -> EntryID? {
        let found = table[slot(name, in: parent)]
        return found == 0 ? nil : EntryID(segment: 0, index: Int(found) - 1)
    }

    /// Where a name of a directory is in the table, or would go.
    private func slot(_ name: ArraySlice<UInt8>, in parent: EntryID) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(parent.rawValue)
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash ^= hash >> 29
        var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
        while true {
            let found = table[slot]
            if found == 0 { return slot }
            let record = segment.records[Int(found) - 1]
            if record.parent == parent.rawValue, Int(record.nameLength) == name.count,
                segment.arena.holds(name, at: record.nameOffset)
            {
                return slot
            }
            slot = (slot + 1) & (table.count - 1)
        }
    }

    private mutating func grow() {
        table = [UInt32](repeating: 0, count: table.count * 2)
        for index in 1..<segment.records.count - 1 {
            let record = segment.records[index]
            let name = segment.arena.terminated(at: record.nameOffset, count: Int(record.nameLength)).dropLast()
            table[slot(name, in: EntryID(rawValue: record.parent))] = UInt32(index + 1)
        }
    }

    private mutating func takeOver(_ link: EntryID, _ target: EntryID) {
        let file = segment.records[target.index]
        segment.records[link.index].size = file.size
        segment.records[link.index].mode = file.mode
        segment.records[link.index].mtime = file.mtime
        segment.records[link.index].flags.insert(.hasSeveralNames)
        segment.records[target.index].flags.insert(.hasSeveralNames)
    }

    private func sortByName(_ order: inout [UInt32], _ range: Range<Int>) {
        func areOrdered(_ left: UInt32, _ right: UInt32) -> Bool {
            let (first, second) = (segment.records[Int(left)], segment.records[Int(right)])
            return segment.arena.isOrdered(
                first.nameOffset, Int(first.nameLength), before: second.nameOffset, Int(second.nameLength))
        }
        var isSorted = true
        for position in range.dropFirst() where isSorted { isSorted = areOrdered(order[position - 1], order[position]) }
        if !isSorted { order[range].sort(by: areOrdered) }
    }

    /// Puts the records into an order in place, one cycle after the other, so that they are never there twice.
    private mutating func permute(_ order: inout [UInt32]) {
        for start in 0..<order.count where Int(order[start]) != start {
            let saved = segment.records[start]
            var position = start
            while Int(order[position]) != start {
                let next = Int(order[position])
                segment.records[position] = segment.records[next]
                order[position] = UInt32(position)
                position = next
            }
            segment.records[position] = saved
            order[position] = UInt32(position)
        }
    }
}
