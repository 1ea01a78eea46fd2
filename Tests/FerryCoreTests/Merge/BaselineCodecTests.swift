import FerryCore
import FerryTesting
import Testing

@Suite("The encoded baseline")
struct BaselineCodecTests {
    /// A random baseline with every kind of entry, flag and odd number.
    static func random(seed: UInt64) -> Baseline {
        var random = SeededGenerator(seed: seed)
        var entries: [RelativePath: BaselineEntry] = [:]
        var directories: [[UInt8]] = [[]]
        for _ in 0..<random.below(40) {
            let parent = directories[random.below(directories.count)]
            let name = RandomTree.oddNames[random.below(RandomTree.oddNames.count)]
            guard let path = try? RelativePath(validating: parent.isEmpty ? name : parent + [0x2F] + name),
                entries[path] == nil
            else { continue }
            entries[path] = entry(&random)
            if entries[path]?.kind == .directory { directories.append(path.bytes) }
        }
        let header = BaselineHeader(
            workspaceKey: random.bytes(random.below(40)), endpointKey: random.bytes(3),
            sandboxIdentity: random.bytes(8),
            sandboxBoot: random.bytes(2), rulesDigest: random.bytes(32), rulesText: random.bytes(random.below(300)),
            localScan: time(&random), remoteScan: time(&random), isComplete: random.oneIn(2),
            isPushUnderWay: random.oneIn(2))
        return Baseline(header: header, entries: entries.map { ($0.key, $0.value) })
    }

    private static func entry(_ random: inout SeededGenerator) -> BaselineEntry {
        let kinds: [EntryKind] = [.file, .file, .directory, .directory, .symlink, .fifo, .unknown]
        var entry = BaselineEntry(kind: kinds[random.below(kinds.count)], mode: UInt16(random.below(0o1000)))
        entry.mtime = time(&random)
        entry.flags = BaselineFlags(rawValue: UInt8(random.below(32)))
        if entry.kind == .file {
            entry.size = random.oneIn(4) ? .max : Int64(random.below(1 << 40))
            if random.oneIn(3) { entry.linkGroup = UInt32(truncatingIfNeeded: random.next()) }
            if random.oneIn(3) { entry.digest = random.bytes(BaselineEntry.digestLength)[...] }
        }
        if entry.kind == .symlink { entry.target = [UInt8](repeating: 0x2E, count: random.below(500))[...] }
        if random.oneIn(2) { entry.local = print(of: entry, &random) }
        if random.oneIn(2) { entry.remote = print(of: entry, &random) }
        return entry
    }

    private static func print(of entry: BaselineEntry, _ random: inout SeededGenerator) -> Fingerprint {
        Fingerprint(
            mode: random.oneIn(4) ? 0o777 : entry.mode, size: random.oneIn(4) ? 5 : entry.size,
            mtime: random.oneIn(3) ? time(&random) : entry.mtime, ctime: time(&random), inode: random.next(),
            device: [0, 1, .max, 66_306][random.below(4)])
    }

    private static func time(_ random: inout SeededGenerator) -> Timestamp {
        let seconds: [Int64] = [0, -1, 1_700_000_000, .max, .min, Int64(random.below(1 << 33))]
        return Timestamp(
            seconds: seconds[random.below(seconds.count)], nanoseconds: UInt32(random.below(1_000_000_000)))
    }

    @Test("a random baseline comes back as it was")
    func roundTrip() throws {
        for seed in UInt64(1)...500 {
            let baseline = Self.random(seed: seed)
            let copy = try Baseline(encoded: baseline.encoded())
            #expect(copy.header == baseline.header && copy.entryCount == baseline.entryCount, "seed \(seed)")
            let (left, right) = (baseline.allEntries, copy.allEntries)
            #expect(left.map(\.path) == right.map(\.path) && left.map(\.entry) == right.map(\.entry), "seed \(seed)")
            #expect(left.count == baseline.entryCount && left.map(\.path) == left.map(\.path).sorted(), "seed \(seed)")
            #expect(copy.encoded() == baseline.encoded(), "seed \(seed)")
            let verified = try Baseline(encoded: baseline.encoded(), isVerified: true)
            #expect(verified.entryCount == copy.entryCount && verified.root == copy.root, "seed \(seed)")
            #expect(verified.allEntries.map(\.entry) == right.map(\.entry), "seed \(seed)")
            let narrow = NarrowBlocks.baseline(baseline)
            #expect(narrow.allEntries.map(\.path) == left.map(\.path), "seed \(seed)")
            #expect(narrow.allEntries.map(\.entry) == left.map(\.entry), "seed \(seed)")
            #expect(narrow.encoded() == baseline.encoded(), "seed \(seed)")
        }
    }

    @Test("one whose checksum was right, and that is damaged all the same, is read to an end without a trap")
    func flipsBehindAChecksum() {
        var random = SeededGenerator(seed: 11)
        for seed in UInt64(1)...40 {
            let encoded = Self.random(seed: seed).encoded()
            for _ in 0..<200 {
                var damaged = encoded
                damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8))
                guard let held = try? Baseline(encoded: damaged, isVerified: true) else { continue }
                for other in [held, NarrowBlocks.baseline(held)] {
                    #expect(other.allEntries.count <= 100 * encoded.count)
                    #expect(other.remoteSnapshot().entryCount <= 100 * encoded.count)
                }
            }
        }
    }

    @Test("every truncation is refused")
    func truncations() {
        for seed in UInt64(1)...6 {
            let encoded = Self.random(seed: seed).encoded()
            for length in 0..<encoded.count {
                #expect(throws: BaselineDamage.self) { try Baseline(encoded: Array(encoded[..<length])) }
            }
            #expect(throws: BaselineDamage.self) { try Baseline(encoded: encoded + [0]) }
        }
    }

    @Test("a flipped bit gives an error or another sound baseline, never a trap")
    func flips() {
        var random = SeededGenerator(seed: 7)
        for seed in UInt64(1)...40 {
            let encoded = Self.random(seed: seed).encoded()
            for _ in 0..<200 {
                var damaged = encoded
                damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8))
                if let other = try? Baseline(encoded: damaged) { #expect(other.allEntries.count == other.entryCount) }
            }
        }
    }

    @Test("counts and lengths that cannot be are refused before anything is allocated for them")
    func absurdCounts() {
        let encoded = Self.random(seed: 3).encoded()
        let footer = encoded.count - Baseline.footerLength
        for start in stride(from: footer, to: footer + 20, by: 4) {
            for value in [UInt8(0x7F), 0xFF] {
                var damaged = encoded
                for index in start..<(start + 4) { damaged[index] = value }
                #expect(throws: BaselineDamage.self) { try Baseline(encoded: damaged) }
            }
        }
        var newer = encoded
        newer[footer + 20] = 5
        #expect(throws: BaselineDamage.otherVersion(5)) { try Baseline(encoded: newer) }
    }

    @Test("one of a former format, which says at its beginning what it is, is told from what is no baseline")
    func formerFormat() {
        let former = Array("FERRYBAS".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 7, count: 100)
        #expect(throws: BaselineDamage.otherVersion(3)) { try Baseline(encoded: former) }
        #expect(throws: BaselineDamage.notABaseline) { try Baseline(encoded: Array(former.dropFirst())) }
    }

    @Test("given away as it grows, it is the same as in one piece", arguments: [0, 3, 40_000])
    func pieces(fileCount: Int) throws {
        var tree = TreeBuilder()
        for index in 0..<fileCount {
            let path = try RelativePath(validating: Array("d\(index % 7)/e\(index % 50)/file-\(index)".utf8))
            _ = try tree.insert(path, status: EntryStatus(kind: .file, size: Int64(index))) { _ in }
        }
        let source = tree.finish()
        var policy = PlanPolicy(differing: .replace, extra: .delete)
        policy.merge = .push
        let plan = Planner.plan(source: source, destination: .empty, policy: policy)
        let applied = AppliedState(
            source: source, destination: source, sourceStamp: ScanStamp(start: Timestamp(seconds: 9)),
            destinationStamp: ScanStamp(start: Timestamp(seconds: 9)))
        let whole = Baseline.advanced(from: nil, by: plan, applied: applied, header: BaselineHeader())
        var pieces: [[UInt8]] = []
        Baseline.advance(from: nil, by: plan, applied: applied, header: BaselineHeader()) { pieces.append(Array($0)) }
        #expect(pieces.flatMap(\.self) == whole.encoded())
        #expect(pieces.count > 4 || fileCount < 40_000, "so many blocks are not kept to the end")
    }

    @Test("what the sandbox held comes back as a snapshot, hard links included")
    func remoteSnapshot() throws {
        for seed in UInt64(1)...200 {
            let baseline = Self.random(seed: seed)
            let snapshot = baseline.remoteSnapshot()
            let wanted = baseline.allEntries.filter {
                $0.entry.kind.isCarried || !$0.entry.flags.contains(.foreign)
            }
            #expect(snapshot.entryCount == wanted.count, "seed \(seed)")
            for (path, entry) in wanted {
                let id = try #require(snapshot.entry(at: path))
                #expect(snapshot[id].kind == entry.kind && snapshot[id].mode == (entry.remote?.mode ?? entry.mode))
                if entry.kind == .symlink { #expect(snapshot.target(of: id).elementsEqual(entry.target)) }
            }
        }
        let file = BaselineEntry(kind: .file, mode: 0o644, size: 3, linkGroup: 4)
        let links = Baseline(
            header: BaselineHeader(),
            entries: [(try RelativePath(validating: "a".utf8), file), (try RelativePath(validating: "b".utf8), file)])
        let snapshot = links.remoteSnapshot()
        let names = snapshot.children(of: snapshot.root)
        #expect(snapshot.firstName(of: names[1]) == names[0])
    }

    @Test("a million entries take less than 64 bytes each, and come back")
    func million() throws {
        let count = 1_000_000
        var builder = BaselineBuilder(expecting: count)
        let time = Timestamp(seconds: 1_760_000_000, nanoseconds: 123_456_789)
        for directory in 0..<1000 {
            builder.enter(
                BaselineEntry(kind: .directory, mode: 0o755, mtime: time), name: name("directory-", directory, width: 4)
            )
            for file in 0..<999 {
                let inode = UInt64(directory * 1000 + file + 5_000_000)
                let print = Fingerprint(
                    mode: 0o644, size: 4096, mtime: time, ctime: time, inode: inode, device: 66_306)
                builder.append(
                    BaselineEntry(kind: .file, mode: 0o644, size: 4096, mtime: time, local: print, remote: print),
                    name: name("file-", file, width: 4))
            }
            builder.leave()
        }
        let baseline = builder.finish(BaselineHeader())
        #expect(baseline.entryCount == count)
        let encoded = baseline.encoded()
        #expect(encoded.count < 64 * count)
        let copy = try Baseline(encoded: encoded)
        #expect(copy.entryCount == count)
        var seen = 0
        for item in copy.children(of: copy.root) {
            seen += copy.children(of: item.directory).reduce(into: 1) { n, _ in n += 1 }
        }
        #expect(seen == count)
    }

    private func name(_ prefix: String, _ number: Int, width: Int) -> ArraySlice<UInt8> {
        let digits = String(number)
        return Array((prefix + String(repeating: "0", count: width - digits.count) + digits).utf8)[...]
    }

    @Test("an entry that changed in the tick of the scan gets no fingerprint")
    func racy() {
        let stamp = ScanStamp(start: Timestamp(seconds: 100, nanoseconds: 5_000_000))
        #expect(stamp.trusts(mtime: Timestamp(seconds: 99), ctime: Timestamp(seconds: 99, nanoseconds: 994_999_999)))
        #expect(!stamp.trusts(mtime: Timestamp(seconds: 99), ctime: Timestamp(seconds: 99, nanoseconds: 995_000_000)))
        #expect(!stamp.trusts(mtime: Timestamp(seconds: 200), ctime: Timestamp(seconds: 50)))
        #expect(!ScanStamp.never.trusts(mtime: Timestamp(seconds: -5), ctime: Timestamp(seconds: 0)))
    }
}
