/// A directory of this machine that a runtime needs in the sandbox beside the workspace: an agent's home, skills, configuration.
///
/// Each `prepare` makes `<runtime root>/<key>` in the sandbox its exact image, in place; nothing of it is ever restored.
public struct RuntimeAsset: Sendable {
    /// Its name in the runtime root.
    ///
    /// Not empty, without `/`, `\`, `..` and control characters, without a dot at its beginning, and none of Ferry's own names.
    public var key: String
    /// The directory on this machine.
    public var localDirectory: [UInt8]
    /// Whether links in it are replaced by what they lead to, instead of being sent as links.
    public var followsSymlinks: Bool
    /// Patterns in gitignore's language of what is left out; what the sandbox has of it goes.
    public var exclude: [String]

    /// Describes an asset.
    ///
    /// - Parameters:
    ///   - key: Its name in the runtime root.
    ///   - localDirectory: The directory on this machine.
    ///   - followsSymlinks: Whether links are replaced by what they lead to.
    ///   - exclude: Patterns of what is left out.
    public init(key: String, localDirectory: [UInt8], followsSymlinks: Bool = false, exclude: [String] = []) {
        self.key = key
        self.localDirectory = localDirectory
        self.followsSymlinks = followsSymlinks
        self.exclude = exclude
    }
}

/// A part of what is prepared.
public enum RuntimePart: Sendable, Hashable {
    /// The workspace.
    case workspace
    /// The directories that hold the assets, and the file that keeps them out of version control.
    case runtimeRoot
    /// The asset of a key.
    case asset(String)

    /// What it is called in messages.
    public var name: String {
        switch self {
        case .workspace: "the workspace"
        case .runtimeRoot: "the runtime directory"
        case .asset(let key): "the asset '\(key)'"
        }
    }
}
