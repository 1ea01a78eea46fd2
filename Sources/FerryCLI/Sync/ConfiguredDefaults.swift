import FerryConfiguration
import FerryCore
import FerryEngine
import FerryProviders

/// What the user's and the workspace's configuration files say about a sync.
struct ConfiguredDefaults {
    private let user: UserConfiguration
    private let workspace: WorkspaceConfiguration

    /// Reads both files.
    ///
    /// - Parameter path: The workspace's path.
    /// - Throws: What is wrong with one of them.
    init(workspace path: [UInt8]) throws(CommandFailure) {
        do throws(ConfigurationError) {
            user = try .ofUser()
            workspace = try .of(workspace: path)
        } catch {
            throw CommandFailure(error.isUnreadable ? .failed : .usage, error.description)
        }
    }

    /// Puts limits and what may come in into the engine's options.
    ///
    /// - Parameters:
    ///   - options: The options.
    ///   - givenDeletionLimit: Whether the command line limits deletions; then these files do not.
    func apply(to options: inout SyncOptions, givenDeletionLimit: Bool) {
        let limits = user.limits.stricter(workspace.limits)
        options.limit(entries: limits.entries, bytes: limits.bytes, depth: limits.depth)
        if !givenDeletionLimit {
            if let limit = user.limits.deletions { options.overrides.deletionLimit = limit }
            if let limit = workspace.limits.deletions { options.overrides.furtherDeletionLimit = limit }
        }
        if let secrets = user.secrets { options.secrets = secrets }
        options.allowedHeld = PreservePatterns(Self.list(user.allowedHeld, "config.toml"))
    }

    /// Puts rules into the engine's options, the files' before the given ones.
    ///
    /// - Parameters:
    ///   - given: What the command line says, or the last push.
    ///   - options: The options.
    ///   - path: The workspace's path, for git.
    /// - Throws: What git says.
    func apply(
        _ given: RecordedRules, to options: inout SyncOptions, workspace path: [UInt8]
    ) async throws(CommandFailure) {
        var excludes = Self.list(user.excludes, "config.toml")
        excludes.append(contentsOf: Self.list(workspace.excludes, ".ferry.toml"))
        options.rules = IgnoreRules(
            defaults: given.defaults, configuration: excludes, commandLine: given.patterns)
        var preserves = Self.list(user.preserves, "config.toml")
        preserves.append(contentsOf: Self.list(workspace.preserves, ".ferry.toml"))
        preserves.append(contentsOf: given.preserves)
        options.preserve = PreservePatterns(preserves)
        options.usesGitignore = given.usesGitignore
        options.trackedPaths = given.usesGitignore ? try await RuleArguments.trackedPaths(in: path) : nil
    }

    private static func list(_ patterns: [[UInt8]], _ label: String) -> IgnorePatternList {
        var list = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .configuration, label: Array(label.utf8))
        for pattern in patterns { list.append(excluding: pattern, origin: origin) }
        return list
    }
}
