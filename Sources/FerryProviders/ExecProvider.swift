public import FerryConfiguration
import FerryCore
import FerryProcess
public import FerryTransport
import SystemPackage

/// Whatever a command of the user's configuration reaches: `exec:PROFILE:/PATH`.
public struct ExecProvider: Provider {
    /// Finds the user's configuration.
    public typealias Configuration = @Sendable () throws(ConfigurationError) -> UserConfiguration

    private let configuration: Configuration

    /// Makes the provider.
    ///
    /// - Parameter configuration: The user's configuration; it is asked for when a target needs it.
    public init(configuration: @escaping Configuration = { () throws(ConfigurationError) in try .ofUser() }) {
        self.configuration = configuration
    }

    /// Profiles.
    public var schemes: [TargetScheme] { [.exec] }

    /// The directory behind the profile's command.
    public func endpoint(for target: Target) throws(TargetError) -> EndpointDescription {
        guard case .profile(let bytes) = target.authority else {
            throw TargetError(
                .incomplete, target.text, "there is no profile", advice: "write \(TargetScheme.exec.form)")
        }
        let profiles: [String: UserConfiguration.Profile]
        do throws(ConfigurationError) {
            profiles = try configuration().profiles
        } catch {
            throw TargetError(.unavailable, target.text, "the profiles cannot be read", advice: error.description)
        }
        guard let name = String(validating: bytes, as: UTF8.self), let profile = profiles[name] else {
            let known = profiles.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw TargetError(
                .unavailable, target.text, "there is no profile '\(displayName(of: bytes))' in the configuration",
                advice: known.isEmpty
                    ? "write [profiles.\(displayName(of: bytes))] with a command into ferry/config.toml in ~/.config"
                    : "it has \(known)")
        }
        var capabilities = SandboxCapabilities()
        // Nobody says what the command leads through.
        capabilities.crossesNetwork = true
        capabilities.provesEndOfOutput = false
        return .sandbox(
            SandboxEndpoint(target) { [capabilities] () throws(TransportError) in
                ProcessSandbox(name: "exec:\(name)", prefix: profile.command, capabilities: capabilities)
            })
    }
}

extension UserConfiguration {
    /// No configuration is larger.
    private static let largestFile = 1 << 20

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
            throw ConfigurationError(file: path, reason: "it cannot be read: \(error)", advice: "correct or remove it")
        }
        guard let content else { return UserConfiguration() }
        return try UserConfiguration(parsing: content, file: path)
    }
}
