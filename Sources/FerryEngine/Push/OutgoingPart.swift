import FerryCore
import FerryFileSystem

/// A tree of a push whose directory is open.
struct OutgoingPart: Sendable {
    let role: PushPart.Role
    /// The local directory's path, for messages.
    let path: [UInt8]
    /// Where it goes, below the endpoint's root; empty: the root itself.
    let destination: [UInt8]
    let directory: OpenDirectory
    /// How it is pushed.
    let options: SyncOptions
    /// The scan that pushes into other destinations go by too; nil: its own.
    let sharedScan: SharedScan?

    init(_ part: PushPart, _ options: SyncOptions) throws(SyncError) {
        role = part.role
        path = part.directory
        destination = part.destination
        sharedScan = part.sharedScan
        directory = try DirectoryEndpoints.openSource(part.directory, followsLinks: part.followsLinks)
        self.options = part.role == .workspace ? options : options.ofAsset(rules: part.rules)
    }

    /// Opens all parts: what is missing is told before anything is done.
    static func open(_ parts: [PushPart], _ options: SyncOptions) throws(SyncError) -> [OutgoingPart] {
        try PushPart.check(parts)
        guard !options.keepsPlan || parts.allSatisfy({ $0.role == .workspace }) else {
            throw SyncError(.usage, "only the plan of a workspace's own push can be kept: push the assets apart")
        }
        var result: [OutgoingPart] = []
        for part in parts { result.append(try OutgoingPart(part, options)) }
        // Its halts come first.
        return result.filter { $0.role == .workspace } + result.filter { $0.role == .asset }
    }

    /// The rules by which the other side is looked at: what an image leaves out is not to be there either.
    func remoteRules(_ scan: ScanResult) -> IgnoreRules { role == .workspace ? scan.rules : .nothing }

    func scan() throws(SyncError) -> ScannedPart {
        func make() throws(SyncError) -> SharedScan.Made {
            let stamp = ScanStamp.now
            let result = try SyncSession.scan(directory, options.workspaceScan(), at: path)
            return SharedScan.Made(result: result, stamp: .readingBegins(after: stamp, result.snapshot))
        }
        let made = if let sharedScan { try sharedScan.scan(make) } else { try make() }
        return ScannedPart(part: self, result: made.result, stamp: made.stamp)
    }
}

/// A tree of a push whose metadata is known.
struct ScannedPart: Sendable {
    let part: OutgoingPart
    let result: ScanResult
    /// When the scan began, or from when on its files are read.
    let stamp: ScanStamp

    /// Tells what the scan found.
    func report(_ session: inout SyncSession) {
        session.place = part.destination
        session.note(result.problems)
        session.report.excludedEntries += result.excludedCount
        if part.role == .workspace { session.warnIfNothingIsLeft(result) }
        session.place = []
    }

    /// Refuses assets in the middle of what the workspace brings.
    static func checkApart(_ parts: [ScannedPart]) throws(SyncError) {
        guard let workspace = parts.first(where: { $0.part.role == .workspace }) else { return }
        var exclusion = StreamExclusion(rules: workspace.result.rules, selection: nil)
        for part in parts where part.part.role == .asset {
            let path = RelativePath(unchecked: part.part.destination)
            let top = RelativePath(unchecked: Array(path.components.first ?? []))
            guard exclusion.excludes(top, isDirectory: true) else {
                throw SyncError(
                    .usage,
                    "an asset cannot go to '\(path)': '\(top)' belongs to the workspace; name a runtime directory, or"
                        + " exclude '/\(top)/' from the workspace")
            }
        }
    }
}

extension IgnoreRules {
    /// Excludes nothing.
    static var nothing: IgnoreRules { IgnoreRules(defaults: .none) }
}

extension SyncOptions {
    /// The options of a push that makes an exact image without halts.
    func ofAsset(rules: IgnoreRules) -> SyncOptions {
        var options = self
        options.rules = rules
        options.readsRuleFiles = false
        options.usesGitignore = false
        options.trackedPaths = nil
        options.selection = nil
        options.preserve = PreservePatterns(IgnorePatternList())
        options.trustsBaseline = false
        options.remembersListings = false
        options.mirrors = true
        options.removesSpecials = true
        options.deletes = true
        options.staysOnOneFileSystem = false
        options.overrides.allowed.formUnion(Halt.Reason.allCases.filter { $0 != .lowSpace })
        options.overrides.deletionLimit = .unlimited
        options.overrides.furtherDeletionLimit = .unlimited
        // The caller named it, credentials and all.
        options.secrets = .off
        return options
    }
}
