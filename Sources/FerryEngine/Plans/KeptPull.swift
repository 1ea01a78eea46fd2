import FerryCore
import FerryFileSystem

/// What a pull has to know to keep its plan instead of carrying it out.
struct KeptPull {
    /// The workspace's path.
    let workspace: [UInt8]
    /// The sandbox as the user wrote it.
    let endpoint: [UInt8]
    /// What both sides last agreed on; nil for an archive.
    let baseline: SyncBaseline?
    /// From when on the sandbox's entries are known.
    let remoteStamp: ScanStamp
    /// The digests of what was fetched.
    let digests: @Sendable (EntryID) -> [UInt8]?

    /// Keeps a plan and what was staged for it.
    ///
    /// - Parameters:
    ///   - plan: The plan, with nothing left to compare.
    ///   - staging: Where its results are.
    ///   - session: The sync; its report names the plan afterwards.
    /// - Throws: ``SyncError``; nothing was kept then.
    func keep(_ plan: Plan, from staging: borrowing StagedTree, _ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        guard let state = options.stateDirectory else {
            throw SyncError(.usage, "without a state directory no plan can be kept; name one")
        }
        guard options.selection == nil else {
            throw SyncError(.usage, "a plan cannot be limited by a list of paths; apply a part of it instead")
        }
        let place = try SyncLocks.key(of: DirectoryEndpoints.openDestination(workspace), at: workspace)
        let stored = try stored(plan, at: place, &session)
        let busy = BusyGroups(of: plan)
        let directories = plan.steps.compactMap { step in
            step.childGroup == 0 || !busy.contains(Int(step.childGroup))
                ? nil : step.source.map { plan.source.path(of: $0) }
        }
        // From here on, what somebody changes in the workspace has a later stamp than what the plan was made from.
        StampClock.pass(stored.created)
        do throws(FileSystemError) {
            let (name, record) = try PlanStore(in: state).keep(
                stored, directories: directories, from: staging.area, flushes: options.flushes)
            session.report.plan = name
            session.report.planRecord = record
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed, and no plan was kept")
        }
    }

    /// Keeps the plan of a pull that halts, as far as an override could let it through.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - staging: Where its results are.
    ///   - halt: Why it halts.
    ///   - session: The sync.
    /// - Returns: What to tell: the halt, and how to go on.
    func keep(
        _ plan: Plan, from staging: borrowing StagedTree, halted halt: SyncError, _ session: inout SyncSession
    ) -> SyncError {
        guard Self.isWorthKeeping(halt, session.options) else { return halt }
        do throws(SyncError) {
            try keep(plan, from: staging, &session)
        } catch {
            session.note([Problem(.unwritable, path: [], message: error.message)])
            return halt
        }
        return halt.naming(plan: session.report.plan ?? "")
    }

    /// Whether a halted pull can be let through later.
    static func isWorthKeeping(_ halt: SyncError, _ options: SyncOptions) -> Bool {
        switch halt.halt?.reason {
        case .massDelete, .emptiedRoot, .newIdentity, .lowSpace, .conflicts:
            options.stateDirectory != nil && options.selection == nil
        case .overwriteSandbox, nil: false
        }
    }

    /// Stops a pull at a halt at once where nothing is going to be kept of it.
    static func check(_ halt: SyncError?, _ options: SyncOptions) throws(SyncError) {
        guard let halt, options.isDryRun || !(options.keepsPlan || isWorthKeeping(halt, options)) else { return }
        throw halt
    }

    private func stored(
        _ plan: Plan, at place: [UInt8], _ session: inout SyncSession
    ) throws(SyncError) -> StoredPlan {
        let options = session.options
        var stored = StoredPlan(
            created: StampClock.now, workspace: place, endpoint: endpoint,
            remoteStamp: remoteStamp, remote: plan.source)
        if let header = baseline?.header {
            stored.endpointKey = header.endpointKey
            stored.sandboxIdentity = header.sandboxIdentity
            stored.sandboxBoot = header.sandboxBoot
        }
        stored.settings = options.storedSettings
        stored.steps = Self.steps(of: plan)
        try noteDigests(of: plan, in: &stored.steps, &session)
        for (index, answer) in zip(session.settled.steps, session.settled.answers) {
            guard let local = plan.steps[index].destination else { continue }
            stored.answers.append(
                StoredPlan.Answer(
                    path: plan.path(of: plan.steps[index]), answer: answer,
                    local: Fingerprint(of: local, in: plan.destination)))
        }
        var stack = [plan.source.root]
        while let id = stack.popLast() {
            for child in plan.source.children(of: id) {
                if plan.source[child].kind == .directory { stack.append(child) }
                guard plan.source[child].kind == .file else { continue }
                let path = plan.source.path(of: child)
                if let digest = plan.policy.remoteDigest(path) { stored.knownDigests.append((path, digest)) }
                if let digest = digests(child) { stored.fetchedDigests.append((path, digest)) }
            }
        }
        return stored
    }

    /// Notes what the workspace's files are that the plan changes or takes out.
    private func noteDigests(
        of plan: Plan, in steps: inout [StoredPlan.Step], _ session: inout SyncSession
    ) throws(SyncError) {
        guard let directory = try DirectoryEndpoints.openDestination(workspace) else { return }
        var files: [(index: Int, id: EntryID)] = []
        for (index, step) in steps.enumerated() where step.local != nil {
            guard let id = plan.destination.entry(at: RelativePath(unchecked: step.path)),
                plan.destination[id].kind == .file
            else { continue }
            files.append((index, id))
        }
        let hashed = ContentHasher.digests(of: files.map(\.id), in: plan.destination, root: directory)
        // Without it the fingerprint has to be the same to the last bit.
        for (file, digest) in zip(files, hashed.digests) { steps[file.index].digest = digest ?? [] }
    }

    /// What a plan does, path by path.
    static func steps(of plan: Plan) -> [StoredPlan.Step] {
        plan.orderedSteps.compactMap { step in
            switch step.action {
            // What is withheld goes with the conflict of its repository.
            case .descend, .compare, .unchanged, .withheld: return nil
            case .create, .update, .changeMode, .changeKind, .delete, .conflict, .held, .blocked:
                return StoredPlan.Step(
                    path: plan.path(of: step), action: step.action,
                    local: step.destination.map { Fingerprint(of: $0, in: plan.destination) })
            }
        }
    }
}

extension SyncError {
    /// The same halt with the way to go on.
    func naming(plan: String) -> SyncError {
        guard let halt else { return self }
        let override = halt.reason == .conflicts ? "--on-conflict keep-local" : "--allow \(halt.reason.rawValue)"
        let more = halt.reason == .conflicts ? " (or take-remote, or both)" : ""
        return SyncError(
            Halt(
                halt.reason,
                message: "\(halt.message); what was fetched is kept, also when the sandbox is gone: 'ferry sync apply"
                    + " \(plan) \(override)'\(more) finishes the pull", examples: halt.examples), plan: plan)
    }
}
