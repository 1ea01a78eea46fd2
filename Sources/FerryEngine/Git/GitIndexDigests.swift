import FerryCore
import FerryFileSystem

/// The digests of what git's indexes say, for the next baseline: with them a later pull can tell a change from a `git status`.
///
/// Only those are taken of which something changed; for all others the baseline has one.
struct GitIndexDigests: Sendable {
    private var digests: [[UInt8]: [UInt8]] = [:]

    /// Takes those of a push from the workspace, as far as it is still what was scanned.
    init(of plan: Plan, in workspace: OpenDirectory) {
        self.init(of: plan) { GitIndexHasher.digest(of: $0, in: workspace, as: plan.source) }
    }

    /// Takes those of a pull from where its policy finds the sandbox's.
    init(of plan: Plan) { self.init(of: plan, plan.policy.remoteIndexDigest) }

    private init(of plan: Plan, _ digest: ([UInt8]) -> [UInt8]?) {
        for index in plan.gitIndexes where !index.isUntouched {
            let path = plan.source.path(of: index.source)
            digests[path] = digest(path)
        }
    }

    subscript(path: [UInt8]) -> [UInt8]? { digests[path] }
}

extension PlanPolicy {
    /// Says where to read what indexes say.
    ///
    /// - Parameters:
    ///   - target: The workspace.
    ///   - local: What a scan found there.
    ///   - source: The sandbox's tree, or what was staged of it.
    ///   - remote: What a scan found in it; nil for what was staged.
    mutating func readIndexes(
        of target: PullTarget, _ local: Snapshot, _ source: OpenDirectory, _ remote: Snapshot? = nil
    ) {
        if let workspace = target.directory {
            localIndexDigest = { GitIndexHasher.digest(of: $0, in: workspace, as: local) }
        }
        remoteIndexDigest = { GitIndexHasher.digest(of: $0, in: source, as: remote) }
    }
}
