import FerryCore
import FerryFileSystem

/// The baseline of one sync: what was agreed on before it, marked before its first change, moved forward after it.
///
/// Without a state directory there is none, and every sync is like the first.
struct SyncBaseline {
    private let store: BaselineStore?
    private var header: BaselineHeader
    /// What was agreed on before this sync; nil when nothing was.
    private(set) var old: Baseline?
    /// What the sandbox's fingerprints in it are worth.
    private(set) var trust = PlanPolicy.RemoteTrust.fingerprints

    /// Which sandbox it is, as far as a baseline is concerned.
    struct Identity {
        /// Another one is another sandbox.
        var id: [UInt8]
        /// When it changes, fingerprints are worth nothing.
        var boot: [UInt8]
        /// Whether there is nothing in the root, or no root.
        var isEmpty: Bool
    }

    /// Reads the baseline of a pair.
    ///
    /// A damaged one is told and then counts as none.
    static func load(
        workspace: [UInt8], endpoint: [UInt8], _ session: inout SyncSession
    ) throws(SyncError) -> SyncBaseline {
        let header = BaselineHeader(workspaceKey: workspace, endpointKey: endpoint)
        guard let state = session.options.stateDirectory else { return SyncBaseline(store: nil, header: header) }
        var baseline = SyncBaseline(store: BaselineStore(in: state), header: header)
        do throws(BaselineStoreError) {
            baseline.old = try baseline.store?.load(workspace: workspace, endpoint: endpoint)
        } catch {
            guard case .damaged = error else { throw SyncError(.failed, error.description) }
            session.note([Problem(.baselineLost, path: [], message: error.description)])
        }
        return baseline
    }

    private init(store: BaselineStore?, header: BaselineHeader) {
        self.store = store
        self.header = header
    }

    /// Checks that the sandbox is the one of the baseline, and what its fingerprints are worth.
    ///
    /// An empty sandbox is one that a push fills for the first time, whichever it is. For another one that is not empty the sync halts;
    /// when that is let through, nothing counts as agreed on.
    mutating func identify(_ identity: Identity, isPush: Bool, _ options: SyncOptions) throws(SyncError) {
        defer {
            header.sandboxIdentity = identity.id
            header.sandboxBoot = identity.boot
        }
        guard let known = old?.header else { return }
        if isPush, identity.isEmpty {
            old = nil
            return
        }
        if known.sandboxIdentity != identity.id {
            guard options.overrides.allowed.contains(.newIdentity) else {
                throw SyncError(
                    Halt(
                        .newIdentity,
                        message:
                            "the sandbox is not the one that was synced with before, and it is not empty; check the target,"
                            + " or let it through with --allow new-identity, and it counts as one never seen"))
            }
            old = nil
        } else if known.sandboxBoot != identity.boot {
            trust = .nothing
        }
    }

    /// Whether there is a place to keep it.
    var isKept: Bool { store != nil }

    /// The policy for a merge with this baseline.
    func policy(_ policy: PlanPolicy) -> PlanPolicy {
        var policy = policy
        policy.remoteTrust = trust
        return policy
    }

    /// Notes which paths a push is about to write, so that the next one after a kill knows them for Ferry's own.
    ///
    /// - Throws: ``SyncError``: nothing may be written then.
    func mark(_ plan: Plan, _ scan: ScanStamp) throws(SyncError) {
        guard isKept else { return }
        try save(Baseline.markingPush(plan, from: old, header: headed(plan, scan)))
    }

    /// Moves forward what is equal on both sides by now.
    func advance(_ plan: Plan, _ applied: @autoclosure () throws(SyncError) -> AppliedState) throws(SyncError) {
        guard isKept else { return }
        let applied = try applied()
        let next = Baseline.advanced(from: old, by: plan, applied: applied, header: headed(plan, applied.sourceStamp))
        try save(next)
    }

    private func headed(_ plan: Plan, _ scan: ScanStamp) -> BaselineHeader {
        var header = header
        header.localScan = scan.start
        header.remoteScan = scan.start
        return header
    }

    private func save(_ baseline: Baseline) throws(SyncError) {
        guard let store else { return }
        do throws(FileSystemError) {
            try store.save(baseline)
        } catch {
            throw SyncError(
                .failed,
                "\(error); without it the next sync would not know what this one did: make room or name another"
                    + " state directory")
        }
    }
}

extension SyncBaseline {
    /// The key of a directory of this machine as an endpoint.
    static func key(of directory: [UInt8]) -> [UInt8] { Array("dir:".utf8) + directory }

    /// The identity of a directory of this machine.
    static func identity(of directory: OpenDirectory?, isEmpty: Bool) throws(SyncError) -> Identity {
        guard let directory else { return Identity(id: [], boot: [], isEmpty: true) }
        do {
            let status = try directory.handle.status()
            return Identity(
                id: Array("inode \(status.inode)".utf8), boot: Array("device \(status.device)".utf8), isEmpty: isEmpty)
        } catch {
            throw SyncError(.failed, "cannot tell which directory the sandbox is: \(error)")
        }
    }
}
