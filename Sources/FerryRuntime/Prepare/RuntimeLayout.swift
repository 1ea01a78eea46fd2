import FerryCore
import FerryEngine
import FerryTransport

/// A request that was checked, and where everything of it lies in the sandbox.
///
/// Making one does no I/O.
struct RuntimeLayout: Sendable {
    let preparation: RuntimePreparation
    let remote: SandboxPath
    let runtimeDirectory: TerminatedName
    let adapter: TerminatedName
    let assets: [(asset: RuntimeAsset, name: TerminatedName)]

    init(_ preparation: RuntimePreparation) throws(RuntimeError) {
        self.preparation = preparation
        remote = try Self.remote(preparation)
        adapter = try RuntimeKey.checked(preparation.adapterKey, as: "The adapter's key")
        var seen: Set<String> = []
        var assets: [(RuntimeAsset, TerminatedName)] = []
        for asset in preparation.assets {
            let name = try RuntimeKey.checked(asset.key, as: "The key of an asset")
            // Equal as text, not as bytes: two that look the same are one too many.
            guard seen.insert(asset.key.lowercased()).inserted else {
                throw RuntimeError(
                    .invalidKey, "Two assets have the key '\(asset.key)'.", advice: "Give each a key of its own.")
            }
            guard !asset.localDirectory.isEmpty, !asset.localDirectory.contains(0) else {
                throw Self.refused("The directory of the asset '\(asset.key)' is empty or holds a NUL.")
            }
            assets.append((asset, name))
        }
        self.assets = assets
        runtimeDirectory = try RuntimeKey.checkedRuntimeDirectory(preparation.runtimeDirectoryName)
        guard !preparation.workspaceLocalDirectory.isEmpty, !preparation.workspaceLocalDirectory.contains(0) else {
            throw Self.refused("The workspace's directory is empty or holds a NUL.")
        }
        guard !preparation.stateDirectory.isEmpty, !preparation.stateDirectory.contains(0) else {
            throw Self.refused("The state directory is empty or holds a NUL.")
        }
    }

    private static func refused(_ sentence: String) -> RuntimeError {
        RuntimeError(.invalidRequest, sentence, advice: "Correct the request.")
    }

    private static func remote(_ preparation: RuntimePreparation) throws(RuntimeError) -> SandboxPath {
        try remote(preparation.workspaceRemoteDirectory ?? Array(preparation.spec.remoteDirectory.utf8))
    }

    /// Checks the path of a directory in a sandbox.
    static func remote(_ path: [UInt8]) throws(RuntimeError) -> SandboxPath {
        guard !path.contains(0), !path.split(separator: RelativePath.separator).contains(Array("..".utf8)[...]) else {
            throw refused("The directory in the sandbox holds a NUL or a '..'.")
        }
        if path == Array("~".utf8) || path.starts(with: "~/".utf8) {
            return SandboxPath(belowHome: Array(path.dropFirst(2)))
        }
        guard path.first == RelativePath.separator else {
            throw refused("The directory in the sandbox is not an absolute path.")
        }
        guard path.contains(where: { $0 != RelativePath.separator }) else {
            throw refused("The directory in the sandbox is its root; a runtime needs one of its own.")
        }
        return SandboxPath(absolute: path)
    }

    /// How the workspace is pushed.
    func workspaceOptions() -> SyncOptions {
        var options = standardOptions()
        if preparation.ownsSandbox {
            options.mirrors = true
            options.deletes = true
            options.removesSpecials = true
            options.overrides.allowed.formUnion(Self.ownersOverrides)
        }
        return options
    }

    /// How the workspace is restored: always merged, so that nothing of the user's is lost.
    func restoreOptions() -> SyncOptions { standardOptions() }

    /// The trees of a push: the workspace, if it is sent at all, and the assets.
    func pushParts() -> [PushPart] {
        let workspace = preparation.syncsWorkspace ? [PushPart.workspace(preparation.workspaceLocalDirectory)] : []
        return workspace
            + assets.map { asset, name in
                var patterns = IgnorePatternList()
                let origin = IgnoreOrigin(kind: .commandLine, label: Array("the asset".utf8))
                for pattern in asset.exclude { patterns.append(excluding: Array(pattern.utf8), origin: origin) }
                return .asset(
                    asset.localDirectory, at: place(of: name),
                    rules: IgnoreRules(defaults: preparation.options.rules.defaults, commandLine: patterns),
                    followsLinks: asset.followsSymlinks)
            }
    }

    /// The parts, in the order in which they are told about.
    var parts: [RuntimePart] {
        (preparation.syncsWorkspace ? [.workspace] : []) + assets.map { .asset($0.asset.key) }
    }

    /// Where a name of the runtime root is, below the workspace's directory.
    func place(of name: TerminatedName) -> RelativePath {
        let separator = [RelativePath.separator]
        return RelativePath(unchecked: runtimeDirectory.bytes + separator + adapter.bytes + separator + name.bytes)
    }

    private static let ownersOverrides: Set<Halt.Reason> = [.overwriteSandbox, .emptiedRoot, .massDelete, .newIdentity]

    private func base() -> SyncOptions {
        var options = preparation.options
        options.stateDirectory = preparation.stateDirectory
        options.isDryRun = false
        options.idleTimeout = options.idleTimeout ?? preparation.spec.timeout
        return options
    }

    private func standardOptions() -> SyncOptions {
        var options = base()
        options.mirrors = false
        let origin = IgnoreOrigin(kind: .commandLine, label: Array("the runtime".utf8))
        var rules = options.rules.commandLine
        for pattern in preparation.exclude { rules.append(excluding: Array(pattern.utf8), origin: origin) }
        // Last, so that no pattern lets it in again.
        rules.append(excluding: [RelativePath.separator] + RuntimeKey.literal(runtimeDirectory.bytes), origin: origin)
        options.rules = IgnoreRules(
            defaults: options.rules.defaults, configuration: options.rules.configuration, commandLine: rules)
        var preserve = options.preserve.list
        for pattern in preparation.preserve { preserve.append(excluding: Array(pattern.utf8), origin: origin) }
        options.preserve = PreservePatterns(preserve)
        return options
    }
}
