/// Why an entry from a sandbox is held for review.
public enum HeldReason: UInt8, Sendable, CaseIterable {
    /// A symbolic link whose target is not inside the workspace.
    case linkLeavesWorkspace
    /// A hook that git runs on its own.
    case gitHook
    /// A file that tells git what to run or where to look.
    case gitConfiguration
    /// A `.git` that is not a directory, which sends git elsewhere.
    case gitRedirection
    /// A file that Ferry itself obeys.
    case ferryConfiguration

    /// The reason as a clause that follows "held: ".
    public var sentence: String {
        switch self {
        case .linkLeavesWorkspace: "the link leaves the workspace"
        case .gitHook: "git would run it"
        case .gitConfiguration: "git would obey it"
        case .gitRedirection: "it sends git to another repository"
        case .ferryConfiguration: "ferry would obey it"
        }
    }
}

/// Decides which new or changed entries of a sandbox are kept out of the workspace until somebody has looked at them:
/// links that leave it, and files that a tool on this machine would execute or obey on its own.
public struct HeldReview: Sendable {
    /// Answers whether a path is let through unseen (`--allow-held`).
    public typealias Permission = @Sendable (_ path: [UInt8], _ isDirectory: Bool) -> Bool

    private let isAllowed: Permission

    /// Makes a review.
    ///
    /// - Parameter isAllowed: Paths that are let through; the default lets none.
    public init(isAllowed: @escaping Permission = { _, _ in false }) {
        self.isAllowed = isAllowed
    }

    /// Why an entry is held; nil when it is not.
    ///
    /// - Parameters:
    ///   - path: The entry's path below the workspace's root.
    ///   - kind: What it is.
    ///   - target: A symbolic link's target.
    /// - Returns: The reason.
    public func reason(path: [UInt8], kind: EntryKind, target: ArraySlice<UInt8> = []) -> HeldReason? {
        guard let reason = HeldReview.rule(path: path, kind: kind, target: target) else { return nil }
        return isAllowed(path, kind == .directory) ? nil : reason
    }

    private static func rule(path: [UInt8], kind: EntryKind, target: ArraySlice<UInt8>) -> HeldReason? {
        if kind == .symlink, leavesRoot(target: target, linkPath: path) { return .linkLeavesWorkspace }
        guard kind != .directory else { return nil }
        // Nearly every path ends here: no component that could be taken for `.git`, no file of ours.
        guard mayBeSpecial(path) else { return nil }
        let components = path.split(separator: RelativePath.separator)
        guard let name = components.last else { return nil }
        if isFerryConfiguration(name) { return .ferryConfiguration }
        guard let gitIndex = components.firstIndex(where: isGitDirectoryName) else { return nil }
        let inside = components[(gitIndex + 1)...].map { folded($0) }
        return inside.isEmpty ? .gitRedirection : gitRule(inside, kind: kind)
    }

    /// Whether some component begins with a dot, or with something that a folding file system may drop or change.
    private static func mayBeSpecial(_ path: [UInt8]) -> Bool {
        var isStart = true
        for byte in path {
            if isStart, mayBeginSpecial(byte) { return true }
            isStart = byte == RelativePath.separator
        }
        return false
    }

    private static func mayBeginSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte >= 0x80 || byte | 0x20 == UInt8(ascii: "g")
    }

    /// Whether an entry that is no link may be held at all; asks what ``mayBeSpecial(_:)`` asks without putting a path together.
    static func mayBeSpecial(_ id: EntryID, in tree: Snapshot) -> Bool {
        var current = id
        while let parent = tree.parent(of: current) {
            if mayBeginSpecial(tree.firstByte(ofNameOf: current)) { return true }
            current = parent
        }
        return false
    }

    /// What git would make of a file at these components inside a `.git` directory.
    ///
    /// Also covers `modules/NAME` and `worktrees/NAME`, which hold the same files one level down.
    private static func gitRule(_ inside: [[UInt8]], kind: EntryKind) -> HeldReason? {
        let top = String(decoding: inside[0], as: UTF8.self)
        // A link in place of one of git's own directories would send it elsewhere.
        if kind == .symlink { return .gitConfiguration }
        if top == "refs" || top == "logs" { return nil }
        let name = String(decoding: inside[inside.count - 1], as: UTF8.self)
        if inside.dropLast().contains(Array("hooks".utf8)) { return name.hasSuffix(".sample") ? nil : .gitHook }
        if name == "hooks" { return .gitHook }
        let holder = inside.count > 1 ? String(decoding: inside[inside.count - 2], as: UTF8.self) : ""
        switch name {
        case "config", "config.worktree", "commondir", "gitdir": return .gitConfiguration
        case "attributes" where holder == "info": return .gitConfiguration
        case "alternates" where holder == "info": return .gitConfiguration
        default: return nil
        }
    }

    private static func isFerryConfiguration(_ name: ArraySlice<UInt8>) -> Bool {
        couldFold(name, to: UInt8(ascii: "."))
            && [Array(".ferry.toml".utf8), Array(".ferryignore".utf8)].contains(folded(name))
    }

    /// Whether some file system takes the name for `.git`: by case, by code points that HFS+ ignores, by trailing
    /// dots and spaces, streams and short names on NTFS.
    ///
    /// The spellings are those that git itself refuses (CVE-2014-9390 and after).
    static func isGitDirectoryName(_ name: ArraySlice<UInt8>) -> Bool {
        guard couldFold(name, to: UInt8(ascii: ".")) || couldFold(name, to: UInt8(ascii: "g")) else { return false }
        var text = folded(name)
        if let colon = text.firstIndex(of: UInt8(ascii: ":")) { text.removeSubrange(colon...) }
        while let last = text.last, last == UInt8(ascii: ".") || last == UInt8(ascii: " ") { text.removeLast() }
        return text.elementsEqual(".git".utf8) || text.elementsEqual("git~1".utf8)
    }

    /// Whether a name may begin with an ASCII character once it is folded; settles nearly all names without folding them.
    private static func couldFold(_ name: ArraySlice<UInt8>, to character: UInt8) -> Bool {
        guard let first = name.first else { return false }
        return first >= 0x80 || first == character || first | 0x20 == character
    }

    /// Lower case and without the code points that a folding file system drops.
    private static func folded(_ name: ArraySlice<UInt8>) -> [UInt8] {
        if name.allSatisfy({ $0 < 0x80 }) {
            return name.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        }
        var result: [UInt8] = []
        for scalar in String(decoding: name, as: UTF8.self).unicodeScalars where !isIgnoredByFolding(scalar) {
            result.append(contentsOf: Array(scalar.properties.lowercaseMapping.utf8))
        }
        return result
    }

    private static func isIgnoredByFolding(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.value {
        case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF, 0x00AD, 0x200B: true
        default: false
        }
    }

    /// Whether a link's target may lead out of the tree.
    ///
    /// Safe is a relative target that goes up first, not above the root, and then only down. A `..` after a name is not
    /// trusted: the name may be a link, and then lexical reasoning is wrong.
    ///
    /// - Parameters:
    ///   - target: The target's bytes.
    ///   - linkPath: Where the link stands below the root.
    /// - Returns: True unless it is sure to stay inside.
    public static func leavesRoot(target: ArraySlice<UInt8>, linkPath: [UInt8]) -> Bool {
        guard let first = target.first, first != RelativePath.separator else { return true }
        var room = linkPath.reduce(into: 0) { $0 += $1 == RelativePath.separator ? 1 : 0 }
        var hasDescended = false
        for component in target.split(separator: RelativePath.separator) {
            if component.elementsEqual(".".utf8) { continue }
            guard component.elementsEqual("..".utf8) else {
                hasDescended = true
                continue
            }
            if hasDescended || room == 0 { return true }
            room -= 1
        }
        return false
    }
}
