import FerryCore
import FerryTesting
import Testing

@Suite("Records of a snapshot")
struct EntryRecordsTests {
    private static let times: [Timestamp] = [
        Timestamp(seconds: 0), Timestamp(seconds: -1, nanoseconds: 999_999_999), Timestamp(seconds: -(1 << 31)),
        Timestamp(seconds: -(1 << 31) - 1, nanoseconds: 5),
        Timestamp(seconds: (1 << 34) - (1 << 31) - 1, nanoseconds: 1),
        Timestamp(seconds: (1 << 34) - (1 << 31)), Timestamp(seconds: 1 << 40, nanoseconds: 7),
        Timestamp(seconds: .max, nanoseconds: 999_999_999), Timestamp(seconds: .max), Timestamp(seconds: .min),
    ]

    private static func random(_ random: inout SeededGenerator) -> EntryStatus {
        EntryStatus(
            kind: EntryKind.allCases[random.below(EntryKind.allCases.count)], mode: UInt16(random.below(0o1000)),
            size: random.oneIn(4) ? .max : Int64(random.below(1 << 50)), mtime: times[random.below(times.count)],
            ctime: times[random.below(times.count)], inode: random.next(), device: UInt64(random.below(20)))
    }

    @Test("whatever an entry is, its record says it: any time, any size, also after it came again")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            var tree = TreeBuilder()
            var wanted: [RelativePath: EntryStatus] = [:]
            for index in 0..<200 {
                let path = try RelativePath(validating: Array("entry-\(generator.below(100))-\(index % 3)".utf8))
                var status = Self.random(&generator)
                if let known = wanted[path] { status.kind = known.kind }
                _ = try tree.insert(path, status: status) { _ in }
                wanted[path] = status
            }
            let snapshot = tree.finish()
            #expect(snapshot.entryCount == wanted.count)
            for (path, status) in wanted {
                let id = try #require(snapshot.entry(at: path))
                let record = snapshot[id]
                #expect(record.kind == status.kind && record.mode == status.mode)
                #expect(record.mtime == status.mtime && record.ctime == status.ctime)
                #expect(record.size == (status.kind == .file ? status.size : 0))
                #expect(snapshot.inode(of: id) == status.inode && snapshot.device(of: id) == status.device)
            }
        }
    }

    @Test("files on more devices than are told apart never count as names of one file")
    func manyDevices() {
        var segment = SnapshotSegment(number: 0)
        let root = segment.append(name: [], parent: segment.nextID, status: EntryStatus(kind: .directory))
        let first = segment.nextID
        for device in UInt64(1)...60 {
            segment.append(
                name: Array("\(100 + device)".utf8)[...], parent: root,
                status: EntryStatus(kind: .file, inode: 7, device: device, linkCount: 2))
        }
        segment.amend(directory: root, status: nil, firstChild: first, childCount: 60)
        let snapshot = Snapshot(merging: [segment])
        for id in snapshot.children(of: snapshot.root) { #expect(snapshot.firstName(of: id) == id) }
    }
}
