/// What a directory's content takes over from it in a merge.
struct InheritedBase {
    /// The directory in the baseline.
    var directory: BaselineDirectory?
    /// The sandbox had all of it before the first sync.
    var isForeign = false
    /// A killed push was making all of it.
    var isOwn = false
    /// All of it belongs to a conflict of the directory itself.
    var isConflict = false
}

/// What the baseline knows of one path.
struct MergeBase {
    /// What was agreed on; nil when nothing was.
    var entry: BaselineEntry?
    /// What is inside, for the content.
    private let directory: BaselineDirectory?
    let isForeign: Bool
    let isOwn: Bool
    let isConflict: Bool
    private let ownsBelow: Bool

    init(_ item: BaselineItem?, in inherited: InheritedBase) {
        let flags = item?.entry.flags ?? []
        isForeign = flags.contains(.foreign) || (item == nil && inherited.isForeign)
        ownsBelow = inherited.isOwn || flags.isSuperset(of: [.pushUnderWay, .ownsBelow])
        isOwn = inherited.isOwn || flags.contains(.pushUnderWay)
        isConflict = inherited.isConflict
        // What is foreign was never agreed on.
        entry = isForeign ? nil : item?.entry
        directory = item?.directory
    }

    /// What the content of the directory takes over.
    var below: InheritedBase {
        InheritedBase(directory: directory, isForeign: isForeign, isOwn: ownsBelow, isConflict: isConflict)
    }

    var ownsAllBelow: Bool { ownsBelow }
    var isHeld: Bool { entry?.flags.contains(.held) ?? false }
}

/// Whether a side's file has the content that was agreed on.
enum ContentState {
    /// Its fingerprint says so.
    case same
    /// Its size or kind says no.
    case changed
    /// Its metadata changed, or no fingerprint was trusted: only the content can say.
    case unknown
}

/// What a merge knows of two files before their content is compared.
struct MergeFacts {
    var local: ContentState
    var remote: ContentState
    /// The agreed modes as each side kept them; nil where no file was agreed on.
    var modes: (local: UInt16, remote: UInt16)?
    var isOwn: Bool
    /// The digest of the agreed content, where one is known.
    var digest: ArraySlice<UInt8>
}

/// What looking at the content of two files found out.
public struct ContentAnswer: Sendable, Hashable {
    /// Whether the two are equal; nil when one could not be read.
    public var isEqual: Bool?
    /// Whether the source's is the one whose digest the baseline has; nil when nobody looked.
    public var sourceIsBase: Bool?
    /// Whether the destination's is.
    public var destinationIsBase: Bool?

    /// Makes an answer.
    public init(isEqual: Bool?, sourceIsBase: Bool? = nil, destinationIsBase: Bool? = nil) {
        self.isEqual = isEqual
        self.sourceIsBase = sourceIsBase
        self.destinationIsBase = destinationIsBase
    }
}

extension Planner {
    var isPull: Bool { plan.policy.merge == .pull }

    /// The workspace's tree.
    var localTree: Snapshot { isPull ? plan.destination : plan.source }
    /// The sandbox's tree.
    var remoteTree: Snapshot { isPull ? plan.source : plan.destination }

    /// Whether a side's file still has the agreed content.
    func content(_ id: EntryID, isLocal: Bool, _ entry: BaselineEntry?) -> ContentState {
        let tree = isLocal ? localTree : remoteTree
        guard let entry, entry.kind == .file, tree[id].kind == .file, tree[id].size == entry.size else {
            return .changed
        }
        if isLocal || plan.policy.remoteTrust == .fingerprints {
            if isAsRecorded(id, isLocal: isLocal, entry) { return .same }
        } else if plan.policy.remoteTrust == .everything {
            return .same
        }
        guard !isLocal, !entry.digest.isEmpty, let digest = plan.policy.remoteDigest(tree.path(of: id)) else {
            return .unknown
        }
        guard digest.elementsEqual(entry.digest) else { return .changed }
        // The permission bits count too: where they are others, all of it is looked at.
        return tree[id].mode == mode(entry, isLocal: false) ? .same : .unknown
    }

    /// Whether a side's file has the fingerprint that the baseline holds.
    func isAsRecorded(_ id: EntryID, isLocal: Bool, _ entry: BaselineEntry) -> Bool {
        guard let print = isLocal ? entry.local : entry.remote else { return false }
        return Fingerprint(of: id, in: isLocal ? localTree : remoteTree) == print
    }

    /// The agreed mode as a side kept it.
    func mode(_ entry: BaselineEntry, isLocal: Bool) -> UInt16 {
        (isLocal ? entry.local : entry.remote)?.mode ?? entry.mode
    }

    /// Whether a mirror may take two files as equal, because neither was touched since they were.
    func isUntouched(_ source: EntryID, _ destination: EntryID, _ entry: BaselineEntry) -> Bool {
        guard plan.policy.merge != nil, !plan.policy.comparesAllContent else { return false }
        let (local, remote) = isPull ? (destination, source) : (source, destination)
        return content(local, isLocal: true, entry) == .same && content(remote, isLocal: false, entry) == .same
    }

    /// Whether one entry, not what is in it, is as it was agreed on.
    func isAsAgreed(_ id: EntryID, isLocal: Bool, _ entry: BaselineEntry?) -> Bool {
        let tree = isLocal ? localTree : remoteTree
        guard let entry, tree[id].kind == entry.kind else { return false }
        switch entry.kind {
        case .file: return content(id, isLocal: isLocal, entry) == .same
        case .symlink: return tree.target(of: id).elementsEqual(entry.target)
        case .directory: return tree[id].mode == mode(entry, isLocal: isLocal)
        default: return true
        }
    }

    /// Whether an entry and all below it is as it was agreed on, with nothing new in it.
    ///
    /// - Parameters:
    ///   - id: The entry.
    ///   - isLocal: Whose it is.
    ///   - base: What was agreed on.
    ///   - allowsMissing: Whether something may have been deleted from it.
    /// - Returns: False also when that is not known.
    func isTreeAsAgreed(_ id: EntryID, isLocal: Bool, _ base: MergeBase, allowsMissing: Bool) -> Bool {
        guard let baseline = self.base else { return false }
        let tree = isLocal ? localTree : remoteTree
        var stack = [(id, base.entry, base.below.directory)]
        while let (next, entry, directory) = stack.popLast() {
            guard isAsAgreed(next, isLocal: isLocal, entry), !tree[next].flags.contains(.unreadable) else {
                return false
            }
            guard tree[next].kind == .directory else { continue }
            var known = BaselineFollower(baseline, directory)
            var found = 0
            for child in tree.children(of: next) {
                guard let item = known.find(tree.name(of: child)), !item.entry.flags.contains(.foreign) else {
                    return false
                }
                // Held: it is in the sandbox alone.
                if isLocal, item.entry.flags.contains(.held) { return false }
                found += 1
                stack.append((child, item.entry, item.directory))
            }
            guard !allowsMissing else { continue }
            let expected = baseline.children(of: directory).count {
                !$0.entry.flags.contains(.foreign) && !(isLocal && $0.entry.flags.contains(.held))
            }
            if found != expected { return false }
        }
        return true
    }

    /// Whether the sandbox's directory holds something that a push leaves alone.
    func holdsForeign(_ id: EntryID, _ base: MergeBase) -> Bool {
        guard let baseline = self.base else { return false }
        var stack = [(id, base.below.directory)]
        while let (next, directory) = stack.popLast() {
            var known = BaselineFollower(baseline, directory)
            for child in remoteTree.children(of: next) {
                guard let item = known.find(remoteTree.name(of: child)) else { continue }
                if !item.entry.flags.isDisjoint(with: [.foreign, .held]) { return true }
                stack.append((child, item.directory))
            }
        }
        return false
    }
}
