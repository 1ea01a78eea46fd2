import ArgumentParser

/// The shapes of tree that the rows are measured on.
enum Profile: String, Codable, CaseIterable, ExpressibleByArgument, Sendable {
    case nm
    case monorepo
    case large
    case flat
    case deep
    case linux
    case usr
    case checkout

    /// The number of files at scale 1.
    var files: Int {
        switch self {
        case .nm, .flat: 100_000
        case .monorepo: 30_000
        case .large: 7
        case .deep: 20_000
        case .linux, .usr, .checkout: 1
        }
    }

    /// Whether it is a tree that exists: neither scale nor seed has a say then.
    var isReal: Bool { realTree != nil }

    /// Why it cannot be made on this machine, or nil.
    var unavailability: String? { realTree?.unavailability }

    private var realTree: RealTree? {
        switch self {
        case .nm, .monorepo, .large, .flat, .deep: nil
        case .linux: .linux
        case .usr: .usr
        case .checkout: .checkout
        }
    }

    /// Writes the tree into `root`, a directory that is empty or does not exist yet.
    ///
    /// - Parameters:
    ///   - root: where the tree goes.
    ///   - scale: the size as a fraction of the full profile.
    ///   - files: the number of files, in place of the one that the scale gives; without effect on `large`.
    ///   - seed: trees of one profile, scale and seed are equal.
    /// - Returns: what the tree holds.
    /// - Throws: when an entry cannot be made.
    func generate(at root: String, scale: Double, files: Int?, seed: UInt64) throws -> TreeSummary {
        if let realTree {
            try realTree.make(at: root)
            return try TreeSummary(counting: root, profile: self)
        }
        let wanted = files ?? max(1, Int(Double(self.files) * scale))
        let scale = files.map { Double($0) / Double(self.files) } ?? scale
        let tree = try TreeWriter(root: root, seed: seed &* 1_000_003 &+ UInt64(rawValue.utf8.count))
        switch self {
        case .nm: try tree.writeNodeModules(files: wanted)
        case .monorepo: try tree.writeMonorepo(files: wanted, scale: scale)
        case .large: try tree.writeLarge(scale: scale)
        case .flat: try tree.writeFlat(files: wanted)
        case .deep: try tree.writeDeep(files: wanted)
        case .linux, .usr, .checkout: break
        }
        try tree.finish()
        return TreeSummary(
            profile: self, scale: scale, seed: seed, files: tree.files, directories: tree.directories,
            links: tree.links, bytes: tree.bytes)
    }
}
