import FerryCore
import FerryEngine
import FerryRuntime

/// What a request says that all commands of `ferry runtime` understand, and what is left for one of them.
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
    /// How the syncs are done.
    var options = SyncOptions()

    /// Reads the members that all commands understand.
    ///
    /// - Parameters:
    ///   - object: The request; what was read of it is known to it.
    ///   - stateDirectory: The value of `--state-dir`.
    /// - Throws: ``RequestError``, or `SpecError`.
    init(_ object: inout RequestObject, stateDirectory: [UInt8]?) throws {
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
    /// Reads a request of `prepare`.
    static func preparation(
        _ value: FerryRuntime.JSONValue, stateDirectory: [UInt8]?
    ) throws -> (request: RuntimeRequest, preparation: RuntimePreparation) {
        var object = try RequestObject(value)
        var request = try RuntimeRequest(&object, stateDirectory: stateDirectory)
        guard let adapter = request.adapter else {
            throw RequestError(.missingMember, "'adapter' is missing", member: "adapter")
        }
        var preparation = RuntimePreparation(
            spec: request.spec, adapterKey: adapter, workspaceLocalDirectory: request.workspace,
            stateDirectory: request.stateDirectory)
        preparation.workspaceRemoteDirectory = try object.path("workspaceRemoteDir")
        preparation.syncsWorkspace = try object.bool("syncWorkspace") ?? true
        preparation.ownsSandbox = try object.bool("ownsSandbox") ?? false
        preparation.preserve = try object.strings("preserve")
        preparation.exclude = try object.strings("exclude")
        if let name = try object.string("runtimeDirectory") { preparation.runtimeDirectoryName = name }
        for (index, value) in try object.list("assets").enumerated() {
            preparation.assets.append(try asset(value, at: "assets[\(index)]"))
        }
        if let secrets = try object.choice("secrets", ["warn": SecretPolicy.warn, "block": .block, "off": .off]) {
            request.options.secrets = secrets
        }
        try object.finish()
        preparation.options = request.options
        return (request, preparation)
    }

    /// Reads a request of `restore`.
    static func restore(
        _ value: FerryRuntime.JSONValue, stateDirectory: [UInt8]?
    ) throws -> (request: RuntimeRequest, overrides: Set<Halt.Reason>) {
        var object = try RequestObject(value)
        var request = try RuntimeRequest(&object, stateDirectory: stateDirectory)
        let policies: [String: ConflictPolicy] = [
            "keep-local": .keepLocal, "take-remote": .takeRemote, "both": .both, "fail": .fail,
        ]
        if let policy = try object.choice("onConflict", policies) { request.options.conflicts = policy }
        var held = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .commandLine, label: Array("allowHeld".utf8))
        for pattern in try object.strings("allowHeld") { held.append(excluding: Array(pattern.utf8), origin: origin) }
        request.options.allowedHeld = PreservePatterns(held)
        var overrides: Set<Halt.Reason> = []
        for (index, name) in try object.strings("allow").enumerated() {
            guard let reason = Halt.Reason(rawValue: name) else {
                throw object.invalid("allow[\(index)]", "is not the name of a halt")
            }
            overrides.insert(reason)
        }
        try object.finish()
        return (request, overrides)
    }

    /// Reads a request of `release`.
    static func release(
        _ value: FerryRuntime.JSONValue, stateDirectory: [UInt8]?
    ) throws -> RuntimeRequest {
        var object = try RequestObject(value)
        let request = try RuntimeRequest(&object, stateDirectory: stateDirectory)
        try object.finish()
        return request
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
