import FerryCore
import Glibc

/// Makes small trees of all that is awkward, the same one for the same seed.
public struct RandomTree: Sendable {
    /// What the trees hold.
    public struct Shape: Sendable {
        /// The most entries.
        public var entries = 24
        /// Whether names are the odd ones beside the plain ones.
        public var hasOddNames = true
        /// Whether modes are any of 0000 to 0777; else the common ones.
        public var hasOddModes = true
        /// Whether the owner can read everything and enter every directory, whatever the modes; root always can.
        public var isReadable = geteuid() != 0
        /// Whether times have nanoseconds.
        public var hasNanoseconds = true
        /// Whether some times lie before 1970 or far in the future.
        public var hasOddTimes = false
        /// Whether some files have holes.
        public var hasHoles = true
        /// Whether some files have several names.
        public var hasHardLinks = true
        /// Whether there are fifos, which no sync carries.
        public var hasFifos = false

        /// Makes the default shape.
        public init() {}
    }

    private let seed: UInt64
    private let shape: Shape

    /// Prepares.
    ///
    /// - Parameters:
    ///   - seed: The seed; name it when a test fails.
    ///   - shape: What the tree holds.
    public init(seed: UInt64, shape: Shape = Shape()) {
        self.seed = seed
        self.shape = shape
    }

    /// Names that have broken real tools.
    public static let oddNames: [[UInt8]] = [
        Array("new\nline".utf8), Array("-rf".utf8), Array("--".utf8), Array("quote'\"`".utf8), Array("$HOME".utf8),
        Array("*?[a-z]".utf8), Array("back\\slash".utf8), Array("\\".utf8), Array("   ".utf8), [0x66, 0xFF, 0xFE],
        Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8), [UInt8](repeating: UInt8(ascii: "n"), count: 255),
        Array("C:evil".utf8), Array("a b\tc".utf8), Array("..hidden".utf8), Array("...".utf8),
        [0x01, 0x1B, 0x5B, 0x6D],
        Array("\u{202E}txt".utf8), Array("=5".utf8), Array("~".utf8), Array("@LongLink".utf8), Array("#x#".utf8),
        [UInt8](repeating: 0xC3, count: 100), Array("%d%s".utf8), Array("!bang".utf8),
    ]

    /// Makes the tree.
    public func make() -> Tree {
        var random = SeededGenerator(seed: seed)
        var tree = Tree()
        grow(&tree, by: random.below(shape.entries) + 1, &random)
        dress(&tree, &random)
        tree.normaliseHardLinks()
        return tree
    }

    /// Makes a tree like another: some entries gone, some edited or of another kind, some new.
    public func variant(of original: Tree) -> Tree {
        var random = SeededGenerator(seed: seed ^ 0x5EED)
        var tree = original
        for path in original.paths {
            guard let entry = tree[path] else { continue }
            switch random.below(10) {
            case 0: tree[path] = nil
            case 1: tree[path] = self.entry(in: tree, &random)
            case 2 where !entry.isDirectory:
                tree[path] = nil
                tree[path] = TreeEntry(.directory, mode: mode(true, &random), mtime: time(&random))
            case 3 where entry.isDirectory:
                tree[path] = nil
                tree[path] = self.entry(in: tree, &random)
            case 4: tree[path]?.mode = mode(entry.isDirectory, &random)
            default: continue
            }
        }
        // What an edit left below something that is no directory any more, and links to what is gone.
        for path in tree.paths {
            if let parent = path.parent, tree[parent]?.isDirectory != true { tree[path] = nil }
        }
        for path in tree.paths {
            if case .hardLink(let target)? = tree[path]?.kind, tree[target]?.content == nil { tree[path] = nil }
        }
        grow(&tree, by: random.below(5), &random)
        tree.normaliseHardLinks()
        return tree
    }

    private func grow(_ tree: inout Tree, by count: Int, _ random: inout SeededGenerator) {
        var directories: [RelativePath?] = [nil] + tree.paths.filter { tree[$0]?.isDirectory == true }
        for _ in 0..<count {
            let parent = directories[random.below(directories.count)]
            let name = name(&random)
            let path = TreePath(parent.map { $0.bytes + [RelativePath.separator] + name } ?? name).path
            guard tree[path] == nil else { continue }
            if random.oneIn(3) {
                tree[path] = TreeEntry(.directory, mode: mode(true, &random), mtime: time(&random))
                directories.append(path)
            } else {
                tree[path] = entry(in: tree, &random)
            }
        }
    }

    /// Gives directories their times only when nothing is added any more: that is how a tree on disk comes out.
    private func dress(_ tree: inout Tree, _ random: inout SeededGenerator) {
        for path in tree.paths where tree[path]?.isDirectory == true { tree[path]?.mtime = time(&random) }
    }

    private func entry(in tree: Tree, _ random: inout SeededGenerator) -> TreeEntry {
        switch random.below(10) {
        case 0, 1:
            let targets = ["nowhere", "/etc/passwd", "../up", "self", ".", "a/../../b", "dir/x"].map { Array($0.utf8) }
            let longest = [UInt8](repeating: UInt8(ascii: "t"), count: 4095)
            let target = random.oneIn(6) ? longest : targets[random.below(targets.count)]
            return TreeEntry(.link(target), mtime: time(&random))
        case 2 where shape.hasHardLinks:
            let files = tree.paths.filter { tree[$0]?.content != nil }
            if let target = files.isEmpty ? nil : files[random.below(files.count)] {
                return TreeEntry(.hardLink(target))
            }
        case 3 where shape.hasFifos: return TreeEntry(.fifo, mode: 0o644)
        case 4 where shape.hasHoles:
            var content = [UInt8](repeating: 0, count: 4096 * (random.below(20) + 2) + random.below(2) * 777)
            let offset = 4096 * random.below(content.count / 4096)
            content.replaceSubrange(offset..<(offset + 100), with: random.bytes(100))
            return TreeEntry(.file(content, hasHoles: true), mode: mode(false, &random), mtime: time(&random))
        default: break
        }
        let sizes = [0, 1, 511, 512, 513, 4096, 10_000, random.below(3000)]
        let size = random.oneIn(12) ? 300_000 + random.below(400_000) : sizes[random.below(sizes.count)]
        return TreeEntry(.file(random.bytes(size), hasHoles: false), mode: mode(false, &random), mtime: time(&random))
    }

    private func name(_ random: inout SeededGenerator) -> [UInt8] {
        if shape.hasOddNames && random.oneIn(2) { return Self.oddNames[random.below(Self.oddNames.count)] }
        return Array("n\(random.below(30))".utf8)
    }

    private func mode(_ isDirectory: Bool, _ random: inout SeededGenerator) -> UInt16 {
        if shape.hasOddModes && random.oneIn(2) {
            let needed: UInt16 = shape.isReadable ? (isDirectory ? 0o500 : 0o400) : 0
            return UInt16(random.below(0o1000)) | needed
        }
        let common: [UInt16] = isDirectory ? [0o755, 0o700, 0o775] : [0o644, 0o755, 0o600]
        return common[random.below(3)]
    }

    private func time(_ random: inout SeededGenerator) -> Timestamp {
        let nanoseconds = shape.hasNanoseconds && !random.oneIn(4) ? UInt32(random.below(1_000_000_000)) : 0
        if shape.hasOddTimes && random.oneIn(3) {
            let seconds: [Int64] = [-1, -1_000_000_000, 0, 4_294_967_296, 8_589_934_592]
            return Timestamp(seconds: seconds[random.below(5)], nanoseconds: nanoseconds)
        }
        return Timestamp(seconds: 1_000_000_000 + Int64(random.below(600_000_000)), nanoseconds: nanoseconds)
    }
}
