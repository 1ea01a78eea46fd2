import FerryCore
import FerryFileSystem

/// What a push has to know to keep its plan instead of carrying it out.
struct KeptPush {
    private let workspace: OutgoingPart
    private let baseline: SyncBaseline
    /// When the workspace's scan began.
    private let stamp: ScanStamp

    init(_ workspace: ScannedPart, _ baseline: SyncBaseline) {
        self.workspace = workspace.part
        self.baseline = baseline
        stamp = workspace.stamp
    }

    init(_ workspace: PlannedPart, _ baseline: SyncBaseline) {
        self.workspace = workspace.part
        self.baseline = baseline
        stamp = workspace.stamp
    }

    /// Keeps a plan.
    ///
    /// - Parameters:
    ///   - plan: The plan, with nothing left to compare.
    ///   - session: The sync; its report names the plan afterwards.
    /// - Throws: ``SyncError``; nothing was kept then.
    func keep(_ plan: Plan, _ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        guard let state = options.stateDirectory else {
            throw SyncError(.usage, "without a state directory no plan can be kept; name one")
        }
        guard options.selection == nil else {
            throw SyncError(.usage, "a plan cannot be limited by a list of paths; apply a part of it instead")
        }
        var stored = StoredPushPlan(
            created: StampClock.now, workspace: try SyncLocks.key(of: workspace.directory, at: workspace.path),
            endpoint: baseline.header.endpointKey)
        stored.sandboxIdentity = baseline.header.sandboxIdentity
        stored.settings = options.storedSettings
        stored.secrets = Array(options.secrets.rawValue.utf8)
        stored.steps = PushSides(plan: plan, workspace: workspace.directory, stamp: stamp).steps()
        try session.checkCancellation()
        // From here on, what somebody changes has a later stamp than what the plan was made from.
        StampClock.pass(stored.created)
        do throws(FileSystemError) {
            let (name, record) = try PlanStore(in: state).keep(stored, flushes: options.flushes)
            session.report.plan = name
            session.report.planRecord = record
        } catch {
            throw SyncError(.failed, "\(error); nothing was changed, and no plan was kept")
        }
    }
}

extension SyncOptions {
    /// What a sync was told, as a plan keeps it.
    var storedSettings: StoredPlan.Settings {
        var settings = StoredPlan.Settings()
        settings.rules = recordedRules.encoded
        settings.allowedHeld = allowedHeld.list.patterns.map { Array($0.text) }
        settings.conflicts = Array(conflicts.rawValue.utf8)
        settings.overrides = overrides.allowed.map { Array($0.rawValue.utf8) }.sorted {
            $0.lexicographicallyPrecedes($1)
        }
        settings.mirrors = mirrors
        settings.deletes = deletes
        settings.comparesAllContent = comparesAllContent
        settings.staysOnOneFileSystem = staysOnOneFileSystem
        return settings
    }

    /// Takes over what a plan's sync was told; what is allowed beyond that stays allowed.
    mutating func take(_ settings: StoredPlan.Settings) {
        conflicts = ConflictPolicy(rawValue: String(decoding: settings.conflicts, as: UTF8.self)) ?? conflicts
        mirrors = settings.mirrors
        deletes = settings.deletes
        comparesAllContent = settings.comparesAllContent
        staysOnOneFileSystem = settings.staysOnOneFileSystem
        for name in settings.overrides {
            if let reason = Halt.Reason(rawValue: String(decoding: name, as: UTF8.self)) {
                overrides.allowed.insert(reason)
            }
        }
        var held = allowedHeld.list
        let origin = IgnoreOrigin(kind: .commandLine, label: Array("the plan".utf8))
        for pattern in settings.allowedHeld { held.append(excluding: pattern, origin: origin) }
        allowedHeld = PreservePatterns(held)
    }
}
