import FerryCore
import FerryFileSystem
import FerryThreads
import SystemPackage

/// The baseline of one sync: what was agreed on before it, marked before its first change, moved forward after it.
///
/// Without a state directory there is none, and every sync is like the first.
struct SyncBaseline {
    private let store: BaselineStore?
    /// Whether to wait for the disk when it is stored.
    ///
    /// Not where it is of a directory that a push writes without waiting for it: a baseline that outlives a power failure must not
    /// speak of content that did not, or the next pull would take the loss for a result.
    private let flushes: Bool
    private(set) var header: BaselineHeader
    /// What was agreed on before this sync; nil when nothing was.
    private(set) var old: Baseline?
    /// The sandbox's tree as it says, where it was made already.
    private let recalled: Snapshot?
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
    /// - Throws: ``SyncError`` when it is there and cannot be read.
    static func load(
        workspace: [UInt8], endpoint: [UInt8], _ session: inout SyncSession
    ) throws(SyncError) -> SyncBaseline {
        try BaselineReading(workspace: workspace, endpoint: endpoint, session).finish(&session)
    }

    /// None, for what nothing is remembered of.
    static let none = SyncBaseline(
        store: nil, flushes: false, header: BaselineHeader(workspaceKey: [], endpointKey: []))

    /// The rules that the last push was given; nil when there was none or nothing is known of it.
    static func rules(workspace: [UInt8], endpoint: [UInt8], in stateDirectory: [UInt8]) -> RecordedRules? {
        // What is wrong with a baseline is told by the sync that comes next.
        let known = try? BaselineStore(in: stateDirectory).loadHeader(workspace: workspace, endpoint: endpoint)
        return known.flatMap { RecordedRules(encoded: $0.rulesText) }
    }

    init(
        store: BaselineStore?, flushes: Bool, header: BaselineHeader, old: Baseline? = nil, recalled: Snapshot? = nil
    ) {
        self.store = store
        self.flushes = flushes
        self.header = header
        self.old = old
        self.recalled = recalled
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
                            "the sandbox is not the one that was synced with before\(isPush ? ", and it is not empty" : ""); check the target,"
                            + " or let it through with --allow new-identity, and it counts as one never seen"))
            }
            old = nil
        } else if known.sandboxBoot != identity.boot {
            trust = .nothing
        }
    }

    /// Checks that the sandbox is the one of the baseline, for a pull that may be kept until somebody lets it through.
    ///
    /// - Returns: The halt; nothing counts as agreed on then.
    /// - Throws: What is no halt.
    mutating func identifySource(_ identity: Identity, _ options: SyncOptions) throws(SyncError) -> SyncError? {
        do throws(SyncError) {
            try identify(identity, isPush: false, options)
            return nil
        } catch {
            guard error.halt != nil else { throw error }
            old = nil
            return error
        }
    }

    /// Notes by which rules a push goes.
    mutating func note(rules: IgnoreRules, _ options: SyncOptions) {
        header.rulesDigest = options.digest(of: rules) ?? []
    }

    /// What the sandbox holds if nothing ran there since the last sync; nil when nobody promised that or it is not known.
    ///
    /// Nor is it when the rules were others then: what was left out is not in the baseline, though the sandbox may well hold it.
    mutating func trusted(as identity: Identity, rules: IgnoreRules, _ options: SyncOptions) -> Snapshot? {
        guard options.trustsBaseline, !options.comparesAllContent, let old,
            let digest = options.digest(of: rules), old.header.rulesDigest == digest, old.header.isComplete,
            !old.isPushUnderWay, old.header.sandboxIdentity == identity.id, old.header.sandboxBoot == identity.boot,
            !identity.isEmpty
        else { return nil }
        trust = .everything
        return recalled ?? Self.remoteTree(of: old, options)
    }

    /// The tree that ``trusted(as:rules:_:)`` may give, which needs no look at anything.
    ///
    /// - Parameters:
    ///   - baseline: What was agreed on before the push.
    ///   - options: The options of the push.
    /// - Returns: The tree; nil where it is not wanted.
    static func recall(_ baseline: Baseline, _ options: SyncOptions) -> Snapshot? {
        guard options.trustsBaseline, !options.comparesAllContent, baseline.header.isComplete,
            !baseline.isPushUnderWay
        else { return nil }
        return remoteTree(of: baseline, options)
    }

    private static func remoteTree(of baseline: Baseline, _ options: SyncOptions) -> Snapshot {
        let preserve = options.preserve
        if preserve.isEmpty { return baseline.remoteSnapshot() }
        return baseline.remoteSnapshot { preserve.protects($0, isDirectory: $1) }
    }

    /// Whether there is a place to keep it.
    var isKept: Bool { store != nil }

    /// Whether the last push may have been killed, as far as anybody knows.
    var mayFollowKilledPush: Bool { old?.header.isPushUnderWay ?? true }

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
        guard let store else { return }
        let header = headed(plan, scan)
        guard let old, old.takesMarks(of: plan) else {
            let marked = Baseline.markingPush(plan, from: old, header: header)
            try Self.check(old)
            return try stored { () throws(FileSystemError) in try store.save(marked, flushes: flushes) }
        }
        try stored { () throws(FileSystemError) in
            try store.save(marks: Baseline.marks(of: plan, header: header), flushes: flushes)
        }
    }

    /// Moves forward what is equal on both sides by now.
    ///
    /// - Parameters:
    ///   - plan: What was done.
    ///   - indexes: What git's indexes say.
    ///   - applied: What both sides are now.
    /// - Throws: ``SyncError`` when it cannot be stored.
    func advance(
        _ plan: Plan, indexes: GitIndexDigests, _ applied: @autoclosure () throws(SyncError) -> AppliedState
    ) throws(SyncError) {
        guard let store else { return }
        if isCurrent(after: plan) { return }
        var applied = try applied()
        applied.indexDigest = { indexes[$0] }
        let header = headed(plan, applied.sourceStamp)
        try stored { () throws(FileSystemError) in
            try store.save(header, flushes: flushes) { output throws(Errno) in
                try Baseline.advance(from: old, by: plan, applied: applied, header: header) { bytes throws(Errno) in
                    try output.write(bytes)
                }
                // Then the one before stays.
                if let old, old.isUnreadable { throw .ioError }
            }
        }
    }

    /// Whether the next baseline would say what the one at hand says.
    ///
    /// When its scans began is of no account: nothing in it was too young for them to be trusted.
    private func isCurrent(after plan: Plan) -> Bool {
        guard let old, old.header.isComplete, !old.header.isPushUnderWay, plan.isRecorded(in: old) else { return false }
        var next = headed(plan, ScanStamp(start: old.header.localScan, granularity: 0))
        next.remoteScan = old.header.remoteScan
        return next == old.header
    }

    private func headed(_ plan: Plan, _ scan: ScanStamp) -> BaselineHeader {
        var header = header
        // Only a push decides what a later pull without rules of its own goes by.
        if plan.policy.merge == .pull, let old {
            header.rulesText = old.header.rulesText
            header.rulesDigest = old.header.rulesDigest
        }
        header.localScan = scan.start
        header.remoteScan = scan.start
        return header
    }

    private func stored(_ write: () throws(FileSystemError) -> Void) throws(SyncError) {
        do throws(FileSystemError) {
            try write()
        } catch {
            throw SyncError(
                .failed,
                "\(error); without it the next sync would not know what this one did: make room or name another"
                    + " state directory")
        }
    }
}

extension SyncBaseline {
    /// Plans a merge of three.
    ///
    /// - Parameters:
    ///   - source: The tree to take from.
    ///   - destination: The tree to change.
    ///   - policy: How.
    ///   - base: What was agreed on; nil for nothing.
    /// - Returns: The plan.
    /// - Throws: ``SyncError`` when not all of what was agreed on could be read: nothing may be done by such a plan.
    static func plan(
        source: Snapshot, destination: Snapshot, policy: PlanPolicy, base: Baseline?
    ) throws(SyncError) -> Plan {
        let plan = Planner.plan(source: source, destination: destination, policy: policy, base: base)
        try check(base)
        return plan
    }

    private static func check(_ baseline: Baseline?) throws(SyncError) {
        guard let baseline, baseline.isUnreadable else { return }
        throw SyncError(
            .failed,
            "cannot read the baseline in the state directory to its end, though it was whole when it was opened; nothing was"
                + " changed: look at the disk that holds the state directory, then run the same command again")
    }

    /// The key of a directory of this machine as an endpoint.
    static func key(of directory: [UInt8]) -> [UInt8] { Array("dir:".utf8) + directory }

    /// The identity of a directory of this machine.
    static func identity(of directory: OpenDirectory?, isEmpty: Bool = false) throws(SyncError) -> Identity {
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
