#if DEBUG
    package import FerryTesting
    import FerryCore
    import TestSupport

    @testable import FerryFileSystem

    /// Inputs that are right, for others to be made of.
    extension FuzzTarget {
        /// Some inputs; for records with a checksum, what stands before it.
        package var seeds: [[UInt8]] {
            switch self {
            case .archive:
                var builder = TarBlockBuilder()
                builder.member("dir", type: "5", mode: 0o755)
                builder.pax([("path", Array("dir/\u{e9}".utf8)), ("mtime", Array("1.5".utf8))])
                builder.member("dir/x", content: "abc")
                builder.long("L", Array(repeating: 0x6C, count: 130) + [0])
                builder.member("cut", content: "y")
                builder.member("dir/link", type: "2", link: "x")
                builder.member("dir/hard", type: "1", link: "cut")
                return [builder.ended()]
            case .listing:
                let entries = [
                    "d 755 0 1 1 2 2 7 0 0", ".", "", "f 644 5 1.5 1.5 9 1 7 0 0", "./a", "", "d 755 0 1 1 3 2 7 0 0",
                    "./d", "", "l 777 1 1.5 1.5 4 1 7 0 0", "./d/l", "x", "MARK listed 0",
                ]
                let walk = [
                    "MARK clock 5", "d0 755 0 1 1 2 2 7 0 0", ".", "", "f1 644 5 1.5 1.5 9 1 7 0 0", "a", "",
                    "d1 755 0 1 1 3 2 7 0 0", "d", "", "l2 777 1 1.5 1.5 4 1 7 0 0", "l", "x",
                    "d2 755 0 1 1 5 2 7 0 0", "e", "", "!", "./d/e", "", "f1 644 5 1.5 1.5 9 1 7 0 0", "b", "",
                    "MARK listed 0",
                ]
                return [entries, walk].map { Array($0.joined(separator: "\0").utf8) + [0] }
            case .rules:
                return ["*.o\n!keep.o\n/build/\na/**/b\n[a-z]?\\ \n#c\n\0a.o\nkeep.o\nbuild/x\na/x/b\nzz"].map {
                    Array($0.utf8)
                }
            case .plan: return Self.plans
            case .journal: return Self.journals
            }
        }

        private static func payload(_ record: [UInt8]) -> [UInt8] {
            Array(record.dropFirst(8).dropLast(JournalCodec.digestSize))
        }

        private static var plans: [[UInt8]] {
            let print = Fingerprint(
                mode: 0o644, size: 7, mtime: Timestamp(seconds: 1), ctime: Timestamp(seconds: 2), inode: 3, device: 4)
            var pull = StoredPlan(
                created: Timestamp(seconds: 7), workspace: [1, 0xFF], endpoint: [2], remoteStamp: .never, remote: .empty
            )
            pull.steps = [StoredPlan.Step(path: [2], action: .update, local: print)]
            pull.knownDigests = [([3], [4])]
            var push = StoredPushPlan(created: Timestamp(seconds: 7), workspace: [1], endpoint: [2])
            push.steps = [
                StoredPushPlan.Step(
                    path: [2], action: .update, local: StoredPushPlan.Side(print: print), remote: StoredPushPlan.Side())
            ]
            return [payload(pull.encoded), payload(push.encoded)]
        }

        private static var journals: [[UInt8]] {
            guard let directory = try? TemporaryDirectory(), let area = try? RootDirectory.open(directory.path),
                let name = try? TerminatedName(Array("journal".utf8)),
                var writer = try? JournalWriter(name, in: area, parentsFirst: true)
            else { return [] }
            let state = EntryState(
                kind: .file, mode: 0o640, size: 9, mtime: Timestamp(seconds: -5), inode: 8, comparesMode: false,
                isWhole: false)
            var root = JournalDirectory(path: [])
            root.operations = [JournalOperation(.exchange, name, slot: .tree, old: state, new: state)]
            do {
                try writer.append(root)
                try writer.finish(flushes: false)
                let file = try area.handle.openFile(name)
                return [payload(try file.bytes(Int(file.status().size), at: 0))]
            } catch {
                return []
            }
        }

        /// Another input, made of one that is right.
        ///
        /// - Parameter random: Decides how.
        /// - Returns: The input.
        package func mutated(_ random: inout SeededGenerator) -> [UInt8] {
            let seeds = seeds
            guard !seeds.isEmpty else { return [] }
            var bytes = seeds[random.below(seeds.count)]
            for _ in 0...random.below(4) where !bytes.isEmpty {
                let place = random.below(bytes.count)
                switch random.below(5) {
                case 0: bytes[place] ^= UInt8(1 << random.below(8))
                case 1: bytes[place] = UInt8(random.below(256))
                case 2: bytes.removeLast(random.below(bytes.count))
                case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.below(600))], at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + random.below(60)))
                }
            }
            return self == .archive && random.oneIn(2) ? Self.sealed(bytes) : bytes
        }

        /// An archive with the right checksum wherever one belongs: damage behind it goes deeper.
        ///
        /// - Parameter archive: The archive.
        /// - Returns: It, corrected.
        package static func sealed(_ archive: [UInt8]) -> [UInt8] {
            var archive = archive
            guard archive.count >= 512 else { return archive }
            for start in stride(from: 0, to: archive.count - 511, by: 512)
            where archive[(start + 257)..<(start + 262)].elementsEqual("ustar".utf8) {
                for index in 148..<156 { archive[start + index] = 0x20 }
                let sum = archive[start..<(start + 512)].reduce(0) { $0 + Int($1) }
                for (index, byte) in TarBlockBuilder.octal(sum, 6).enumerated() { archive[start + 148 + index] = byte }
                archive[start + 154] = 0
            }
            return archive
        }
    }
#endif
