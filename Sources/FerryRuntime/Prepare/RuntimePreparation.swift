public import FerryEngine

/// What is to be prepared: a workspace and assets, for one adapter, in one sandbox.
public struct RuntimePreparation: Sendable {
    /// Which sandbox, and which directory in it.
    public var spec: ExecutionSpec
    /// The adapter's name, under which its assets lie in the runtime directory; as for ``RuntimeAsset/key``.
    public var adapterKey: String
    /// The workspace on this machine.
    public var workspaceLocalDirectory: [UInt8]
    /// Where it goes; nil: the spec's directory.
    ///
    /// An absolute path, or one that begins with `~/` and lies below the home directory over there.
    public var workspaceRemoteDirectory: [UInt8]?
    /// Whether the workspace is sent and restored at all.
    public var syncsWorkspace = true
    /// The assets.
    public var assets: [RuntimeAsset] = []
    /// Whether the sandbox's directory belongs to this runtime alone.
    ///
    /// It then becomes the workspace's exact image: whatever else is there goes, but for ``preserve`` and what the rules exclude, and
    /// no halt stops it. Without, what was never restored and what somebody else put there is safe.
    public var ownsSandbox = false
    /// Patterns in gitignore's language of what the workspace need not have to stay in the sandbox, and the other way round.
    public var preserve: [String] = []
    /// Patterns in gitignore's language of what is neither sent nor restored.
    public var exclude: [String] = []
    /// The name of the runtime directory.
    public var runtimeDirectoryName = RuntimePreparation.standardRuntimeDirectoryName
    /// The directory of this machine for what has to be known later: what was agreed on, and which runtimes there are.
    public var stateDirectory: [UInt8]
    /// How the syncs are done, for what is not said here.
    public var options = SyncOptions()

    /// The name of the runtime directory unless another is given.
    public static let standardRuntimeDirectoryName = ".ferry-runtime"

    /// Describes what is to be prepared.
    ///
    /// - Parameters:
    ///   - spec: Which sandbox, and which directory in it.
    ///   - adapterKey: The adapter's name.
    ///   - workspaceLocalDirectory: The workspace on this machine.
    ///   - stateDirectory: The directory for what has to be known later.
    public init(
        spec: ExecutionSpec, adapterKey: String, workspaceLocalDirectory: [UInt8], stateDirectory: [UInt8]
    ) {
        self.spec = spec
        self.adapterKey = adapterKey
        self.workspaceLocalDirectory = workspaceLocalDirectory
        self.stateDirectory = stateDirectory
    }
}
