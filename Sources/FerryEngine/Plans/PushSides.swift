import Crypto
import FerryCore
import FerryFileSystem

/// What both sides of a push have where it would do something: noted when it is planned, compared when it is applied.
struct PushSides {
    let plan: Plan
    let workspace: OpenDirectory
    /// When the workspace's scan began: what is younger may change without a new fingerprint.
    let stamp: ScanStamp

    /// The steps of the plan that do something.
    ///
    /// - Parameter digests: The files of the workspace of which a digest is taken, beside those that are too young for their
    ///   fingerprints.
    /// - Returns: The steps, in the order of paths.
    func steps(wanting digests: Set<[UInt8]> = []) -> [StoredPushPlan.Step] {
        var steps: [StoredPushPlan.Step] = []
        var doubtful: [(index: Int, id: EntryID)] = []
        for step in plan.orderedSteps where Self.does(step) {
            let path = plan.path(of: step)
            var stored = StoredPushPlan.Step(
                path: path, action: step.action, local: side(step.source, in: plan.source),
                remote: side(step.destination, in: plan.destination))
            stored.overwritesUnpulled = step.overwritesUnpulled
            if let id = step.source, plan.source[id].kind == .file {
                let record = plan.source[id]
                if digests.contains(path) || !stamp.trusts(mtime: record.mtime, ctime: record.ctime) {
                    doubtful.append((steps.count, id))
                }
            }
            if let id = step.destination {
                switch plan.destination[id].kind {
                case .file: stored.remote.witness = plan.policy.remoteDigest(path) ?? []
                case .directory where step.action == .changeKind: stored.remote.witness = content(of: id)
                default: break
                }
            }
            steps.append(stored)
        }
        let hashed = ContentHasher.digests(of: doubtful.map(\.id), in: plan.source, root: workspace)
        for (file, digest) in zip(doubtful, hashed.digests) { steps[file.index].local.witness = digest ?? [0] }
        return steps
    }

    /// Whether a step changes something or says that it cannot.
    static func does(_ step: PlanStep) -> Bool {
        switch step.action {
        case .create, .update, .changeMode, .changeKind, .delete, .conflict, .held, .blocked: true
        case .descend, .compare, .unchanged, .withheld: false
        }
    }

    private func side(_ id: EntryID?, in tree: Snapshot) -> StoredPushPlan.Side {
        guard let id else { return StoredPushPlan.Side() }
        var print = Fingerprint(of: id, in: tree)
        // Of a directory only what it is counts, not what is in it.
        if tree[id].kind == .directory { (print.size, print.mtime, print.ctime) = (0, .zero, .zero) }
        return StoredPushPlan.Side(
            print: print, witness: tree[id].kind == .symlink ? Array(tree.target(of: id)) : [])
    }

    /// A digest of all that is in a directory that goes as a whole.
    private func content(of directory: EntryID) -> [UInt8] {
        let tree = plan.destination
        var hash = SHA256()
        var stack = [directory]
        while let id = stack.popLast() {
            for child in tree.children(of: id) {
                let print = Fingerprint(of: child, in: tree)
                let words: [Int64] = [
                    Int64(print.mode), Int64(bitPattern: print.inode), print.size, print.mtime.seconds,
                    Int64(print.mtime.nanoseconds), print.ctime.seconds, Int64(print.ctime.nanoseconds),
                ]
                hash.update(data: tree.path(of: child) + [0] + Array("\(words)".utf8))
                if tree[child].kind == .directory { stack.append(child) }
            }
        }
        return Array(hash.finalize())
    }
}

extension Timestamp {
    fileprivate static var zero: Timestamp { Timestamp(seconds: 0) }
}
