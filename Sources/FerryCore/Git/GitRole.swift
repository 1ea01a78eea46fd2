/// What a directory, or an entry in one, is to git.
enum GitRole: UInt8, Sendable {
    /// Nothing: it belongs to a working tree, or to no repository at all.
    case none
    /// The directory of a repository: `.git`, or one below `.git/modules`.
    case repository
    /// The directory of a linked worktree below `.git/worktrees`; it belongs to the repository whose branches it uses.
    case worktree
    /// The directory that holds those of the linked worktrees.
    case worktrees
    /// The directory that holds the repositories of submodules, at any depth below it.
    case modules
    /// What says where the repository stands: its part of the unit that merges as one thing.
    case state
    /// The index, a part of the state.
    case index
    /// What git leaves lying about, such as the last commit message: no change of the repository, but it goes where the state goes.
    case scratch
    /// The store of objects: named by their content, so they can be added without touching anything.
    case objects
    /// Everything else in a repository's directory: configuration, hooks, notes of other programs.
    case other

    /// The role of an entry of a directory with this role.
    ///
    /// Whether a directory below `modules`, or one called `.git`, is a repository depends on what it holds; that is for the caller.
    ///
    /// - Parameters:
    ///   - name: The entry's name.
    ///   - isDirectory: Whether it is a directory on either side.
    /// - Returns: The role.
    func role(of name: ArraySlice<UInt8>, isDirectory: Bool) -> GitRole {
        switch self {
        case .none: .none
        case .worktrees: isDirectory ? .worktree : .other
        case .modules: isDirectory ? .modules : .other
        case .state, .index: .state
        case .scratch, .objects, .other: self
        case .repository, .worktree: Self.inRepository(name, isDirectory: isDirectory)
        }
    }

    private static func inRepository(_ name: ArraySlice<UInt8>, isDirectory: Bool) -> GitRole {
        let text = String(decoding: name, as: UTF8.self)
        switch text {
        case "objects" where isDirectory: return .objects
        case "modules" where isDirectory: return .modules
        case "worktrees" where isDirectory: return .worktrees
        case "index" where !isDirectory: return .index
        case "COMMIT_EDITMSG", "gc.log", "gc.pid": return .scratch
        case "HEAD", "index", "packed-refs", "refs", "logs", "reftable", "shallow", "rebase-merge", "rebase-apply",
            "sequencer", "MERGE_MSG", "MERGE_MODE", "MERGE_RR", "AUTO_MERGE", "SQUASH_MSG":
            return .state
        default:
            let isState =
                text.hasSuffix("_HEAD") || text.hasPrefix("BISECT_") || text.hasPrefix("sharedindex.")
            return isState ? .state : .other
        }
    }
}

/// The names by which git's own files are known.
public enum GitNames {
    /// A repository's directory in its working tree.
    static let repository = Array(".git".utf8)
    private static let lockSuffix = Array(".lock".utf8)

    /// Whether a file is a lock of git's: it says that a git process is at work on one machine, and nothing to any other.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - nameStart: Where its name begins in the path.
    /// - Returns: True for names that end with `.lock`, in a directory called `.git` or at any depth below one.
    public static func isLock(_ path: [UInt8], nameStart: Int) -> Bool {
        // Nearly every name ends here.
        guard path.last == UInt8(ascii: "k"), path.count - nameStart > lockSuffix.count,
            path.suffix(lockSuffix.count).elementsEqual(lockSuffix)
        else {
            return false
        }
        return path[..<nameStart].split(separator: RelativePath.separator).contains { $0.elementsEqual(repository) }
    }

    /// Whether a directory is a repository's, by what it holds.
    static func isRepository(_ id: EntryID?, in tree: Snapshot) -> Bool {
        guard let id, tree[id].kind == .directory, tree.child(of: id, named: Array("HEAD".utf8)) != nil else {
            return false
        }
        return ["refs", "objects"].contains { tree.child(of: id, named: Array($0.utf8)) != nil }
    }
}
