import FerryCore

/// The bytes of a snapshot in a stored plan: its entries in the order of paths, each with its depth and its name.
enum SnapshotCodec {
    static func encode(_ snapshot: Snapshot, to encoder: inout ByteEncoder) {
        // The root's own metadata is nobody's business.
        encoder.add(byte: snapshot[snapshot.root].flags.union(.hasNoMetadata).rawValue)
        encoder.add(UInt64(snapshot.entryCount))
        var numbers: [EntryID: UInt64] = [:]
        var stack = snapshot.children(of: snapshot.root).reversed().map { (id: $0, depth: UInt64(0)) }
        var number: UInt64 = 0
        while let (id, depth) = stack.popLast() {
            number += 1
            let record = snapshot[id]
            encoder.add(depth)
            encoder.add(name: snapshot.name(of: id))
            encoder.add(byte: record.kind.rawValue)
            encoder.add(byte: record.flags.rawValue)
            encoder.add(UInt64(record.mode))
            encoder.add(record.size)
            encoder.add(record.mtime)
            encoder.add(record.ctime)
            encoder.add(snapshot.inode(of: id))
            encoder.add(snapshot.device(of: id))
            let first = snapshot.firstName(of: id)
            if record.flags.contains(.hasSeveralNames), first == id { numbers[id] = number }
            encoder.add(first == id ? 0 : numbers[first] ?? 0)
            encoder.add(name: record.kind == .symlink ? snapshot.target(of: id) : [])
            stack += snapshot.children(of: id).reversed().map { ($0, depth + 1) }
        }
    }

    static func decode(_ decoder: inout ByteDecoder) throws(JournalError) -> Snapshot {
        var tree = TreeBuilder()
        tree.mark(tree.root, EntryFlags(rawValue: try decoder.byte()))
        let count = try decoder.number()
        var above: [[UInt8]] = []
        var ids: [UInt64: EntryID] = [:]
        var number: UInt64 = 0
        while number < count {
            number += 1
            let depth = try decoder.number()
            guard depth <= UInt64(above.count) else { throw .damaged("an entry of the plan is nowhere") }
            above.removeLast(above.count - Int(depth))
            above.append(try decoder.name())
            guard let kind = EntryKind(rawValue: try decoder.byte()) else { throw .damaged("a kind is none") }
            let flags = EntryFlags(rawValue: try decoder.byte())
            let status = EntryStatus(
                kind: kind, mode: try decoder.mode(), size: try decoder.signed(), mtime: try decoder.time(),
                ctime: try decoder.time(), inode: try decoder.number(), device: try decoder.number())
            let first = try decoder.number()
            let target = try decoder.name()
            let id: EntryID
            do {
                let path = try RelativePath(validating: Array(above.joined(separator: [RelativePath.separator])))
                id = try tree.insert(path, status: status, target: target[...]) { _ in }.id
            } catch {
                throw .damaged("an entry of the plan has no place")
            }
            tree.mark(id, flags)
            if flags.contains(.hasSeveralNames) { ids[number] = id }
            if first != 0 {
                guard let original = ids[first] else { throw .damaged("a link of the plan leads nowhere") }
                tree.link(id, to: original)
            }
        }
        return tree.finish()
    }
}
