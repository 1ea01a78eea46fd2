import FerryCore
import FerryEngine
import FerryRuntime

/// A request of `ferry runtime`.
///
/// All commands take the same one, so that an adapter keeps a single document; each uses what concerns it.
struct RuntimeRequest {
    /// The version of the form of requests.
    static let version = 1.0

    /// Which sandbox.
    let spec: ExecutionSpec
    /// How to get there; nil: as the spec says.
    let target: String?
    /// The workspace on this machine.
    let workspace: [UInt8]
    /// The adapter's key.
    let adapter: String?
    /// Where it is kept what has to be known later.
    let stateDirectory: [UInt8]
    /// How long it may take; nil: for ever.
    let deadline: Duration?
    /// Where the workspace goes; nil: the spec's directory.
    let workspaceRemoteDirectory: [UInt8]?
    /// What goes beside the workspace.
    let assets: [RuntimeAsset]
    let syncsWorkspace: Bool
    let ownsSandbox: Bool
    let preserve: [String]
    let exclude: [String]
    let runtimeDirectoryName: String?
    /// How the syncs are done.
    var options = SyncOptions()

    /// Reads a request.
    ///
    /// - Parameters:
    ///   - value: The document.
    ///   - stateDirectory: The value of `--state-dir`.
    /// - Throws: ``RequestError``, or `SpecError`.
    init(_ value: FerryRuntime.JSONValue, stateDirectory: [UInt8]?) throws {
        var object = try RequestObject(value)
        let version = try object.required("version")
        guard version == .number(Self.version) else {
            throw RequestError(
                .unsupportedVersion, "'version' is not 1, the only one that there is; use a ferry that knows it",
                member: "version")
        }
        spec = try ExecutionSpec.parse(Self.completed(try object.required("spec")))
        target = try object.string("target")
        workspace = try object.requiredPath("workspace")
        adapter = try object.string("adapter")
        let given = try object.path("stateDirectory") ?? stateDirectory
        guard let state = StateDirectory.path(given: given) else {
            throw RequestError(
                .noStateDirectory,
                "there is no directory for what has to be known later; set 'stateDirectory', FERRY_STATE_DIR or HOME")
        }
        self.stateDirectory = state
        if let limit = try object.number("deadlineMs") {
            guard limit.isFinite, limit > 0, limit <= 1e12 else {
                throw object.invalid("deadlineMs", "is not a finite number above 0")
            }
            deadline = .milliseconds(limit)
        } else {
            deadline = nil
        }
        options.stateDirectory = state
        if let wait = try object.number("waitMs") {
            guard wait.isFinite, wait >= 0, wait <= 1e12 else {
                throw object.invalid("waitMs", "is not a finite number of at least 0")
            }
            options.lockWait = .milliseconds(wait)
        }
        workspaceRemoteDirectory = try object.path("workspaceRemoteDir")
        syncsWorkspace = try object.bool("syncWorkspace") ?? true
        ownsSandbox = try object.bool("ownsSandbox") ?? false
        preserve = try object.strings("preserve")
        exclude = try object.strings("exclude")
        runtimeDirectoryName = try object.string("runtimeDirectory")
        var assets: [RuntimeAsset] = []
        for (index, value) in try object.list("assets").enumerated() {
            assets.append(try Self.asset(value, at: "assets[\(index)]"))
        }
        self.assets = assets
        try readPolicies(&object)
        try object.finish()
    }

    /// Reads what decides in doubt.
    private mutating func readPolicies(_ object: inout RequestObject) throws(RequestError) {
        if let secrets = try object.choice("secrets", ["warn": SecretPolicy.warn, "block": .block, "off": .off]) {
            options.secrets = secrets
        }
        let policies = Dictionary(uniqueKeysWithValues: ConflictPolicy.allCases.map { ($0.rawValue, $0) })
        if let policy = try object.choice("onConflict", policies) { options.conflicts = policy }
        var held = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .commandLine, label: Array("allowHeld".utf8))
        for pattern in try object.strings("allowHeld") { held.append(excluding: Array(pattern.utf8), origin: origin) }
        options.allowedHeld = PreservePatterns(held)
        for (index, name) in try object.strings("allow").enumerated() {
            // Conflicts are no danger that could be let through; what becomes of them is 'onConflict'.
            guard let reason = Halt.Reason(rawValue: name), reason != .conflicts else {
                throw object.invalid("allow[\(index)]", "is not the name of a halt that can be let through")
            }
            options.overrides.allowed.insert(reason)
        }
    }

    /// The spec with the key of the environment where it has none of its own.
    private static func completed(_ spec: FerryRuntime.JSONValue) -> FerryRuntime.JSONValue {
        guard case .object(var members) = spec, let key = ProcessInput.environment("FERRY_API_KEY") else { return spec }
        let given = members["apiKey"] ?? .null
        guard given == .null || given == .string("") else { return spec }
        members["apiKey"] = .string(String(decoding: key, as: UTF8.self))
        return .object(members)
    }
}

extension RuntimeRequest {
    /// What is to be prepared.
    ///
    /// - Returns: The preparation.
    /// - Throws: ``RequestError`` when there is no adapter's key.
    func preparation() throws(RequestError) -> RuntimePreparation {
        guard let adapter else { throw RequestError(.missingMember, "'adapter' is missing", member: "adapter") }
        var preparation = RuntimePreparation(
            spec: spec, adapterKey: adapter, workspaceLocalDirectory: workspace, stateDirectory: stateDirectory)
        preparation.workspaceRemoteDirectory = workspaceRemoteDirectory
        preparation.syncsWorkspace = syncsWorkspace
        preparation.ownsSandbox = ownsSandbox
        preparation.preserve = preserve
        preparation.exclude = exclude
        preparation.assets = assets
        if let runtimeDirectoryName { preparation.runtimeDirectoryName = runtimeDirectoryName }
        preparation.options = options
        return preparation
    }

    private static func asset(_ value: FerryRuntime.JSONValue, at path: String) throws(RequestError) -> RuntimeAsset {
        var object = try RequestObject(value, at: path)
        let asset = RuntimeAsset(
            key: try object.requiredString("key"), localDirectory: try object.requiredPath("path"),
            followsSymlinks: try object.bool("followSymlinks") ?? false, exclude: try object.strings("exclude"))
        try object.finish()
        return asset
    }
}
