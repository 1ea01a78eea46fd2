public import FerryConfiguration
import FerryProcess
import SystemPackage

/// No configuration is larger.
private let largestFile = 1 << 20

extension UserConfiguration {
    /// What the user's configuration file says; a file that is missing says nothing.
    ///
    /// - Returns: The configuration.
    /// - Throws: `ConfigurationError`.
    public static func ofUser() throws(ConfigurationError) -> UserConfiguration {
        let path = path(
            configurationHome: Surroundings.variable("XDG_CONFIG_HOME"), home: Surroundings.variable("HOME"))
        guard let path else { return UserConfiguration() }
        let content: [UInt8]?
        do throws(Errno) {
            content = try Surroundings.content(of: path, limit: largestFile)
        } catch {
            throw ConfigurationError(
                file: path, reason: "it cannot be read: \(error)", advice: "correct or remove it", isUnreadable: true)
        }
        guard let content else { return UserConfiguration() }
        return try UserConfiguration(parsing: content, file: path)
    }
}

extension WorkspaceConfiguration {
    /// What `.ferry.toml` at a workspace's root says; a file that is missing says nothing.
    ///
    /// It has to belong to the user, or to whoever owns the workspace; anybody else's is an error and not passed over, because without its
    /// excludes more would be sent than it allows.
    ///
    /// - Parameter workspace: The workspace's path.
    /// - Returns: The configuration.
    /// - Throws: `ConfigurationError`.
    public static func of(workspace: [UInt8]) throws(ConfigurationError) -> WorkspaceConfiguration {
        let path = workspace + Array("/".utf8) + name
        let content: [UInt8]?
        do throws(Errno) {
            content = try Surroundings.ownContent(of: path, in: workspace, limit: largestFile)
        } catch .notPermitted {
            throw ConfigurationError(
                file: path, reason: "it belongs neither to you nor to the owner of the workspace",
                advice: "read it, then make it yours or remove it")
        } catch {
            throw ConfigurationError(
                file: path, reason: "it cannot be read: \(error)", advice: "correct or remove it", isUnreadable: true)
        }
        guard let content else { return WorkspaceConfiguration() }
        return try WorkspaceConfiguration(parsing: content, file: path)
    }
}
