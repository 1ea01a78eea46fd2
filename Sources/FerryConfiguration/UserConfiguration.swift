public import FerryCore

/// `ferry/config.toml` in the user's configuration directory.
///
/// A module of its own reads configuration: the transports need the profiles, the command line needs the rest, and neither should bring
/// the TOML library to the other; nothing here does any I/O, so all of it is tested on bytes.
///
/// ```toml
/// allow-held = ["venv/bin/python*"]
/// secrets = "block"
/// [profiles.box]
/// command = ["kubectl", "exec", "-i", "-n", "dev", "box", "--"]
/// [undo]
/// keep = 20
/// ```
public struct UserConfiguration: Sendable, Hashable {
    /// A way into a sandbox: `exec:NAME:/PATH`.
    public struct Profile: Sendable, Hashable {
        /// What runs `sh -c SCRIPT`, when these three are added as arguments.
        public var command: [[UInt8]]

        /// Makes a profile.
        public init(command: [[UInt8]]) { self.command = command }
    }

    /// The profiles by their names.
    public var profiles: [String: Profile] = [:]
    /// Patterns of what does not take part.
    public var excludes: [[UInt8]] = []
    /// Patterns of what is not deleted for being absent.
    public var preserves: [[UInt8]] = []
    /// Patterns of what a pull lets in although it would be held for review.
    public var allowedHeld: [[UInt8]] = []
    /// Limits.
    public var limits = SyncLimits()
    /// How many runs can be undone.
    public var keptRuns: Int?
    /// What a push does about files that look like secrets.
    public var secrets: SecretPolicy?

    /// Makes an empty configuration.
    public init() {}

    /// Where the file is.
    ///
    /// - Parameters:
    ///   - configurationHome: `XDG_CONFIG_HOME`; one that is not absolute does not count, as the XDG specification says.
    ///   - home: `HOME`.
    /// - Returns: The path; nil without either.
    public static func path(configurationHome: [UInt8]?, home: [UInt8]?) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        if let configurationHome, configurationHome.first == slash {
            return configurationHome + Array("/ferry/config.toml".utf8)
        }
        guard let home, !home.isEmpty else { return nil }
        return home + Array("/.config/ferry/config.toml".utf8)
    }

    /// Reads a file's content.
    ///
    /// - Parameters:
    ///   - content: The bytes.
    ///   - file: The file's path, for messages.
    /// - Throws: ``ConfigurationError``.
    public init(parsing content: [UInt8], file: [UInt8]) throws(ConfigurationError) {
        var reader = try TOMLReader(parsing: content, file: file)
        if let inner = try reader.table("profiles") { profiles = try Self.profiles(inner) }
        excludes = try Self.patterns("exclude", &reader)
        preserves = try Self.patterns("preserve-absent", &reader)
        allowedHeld = try Self.patterns("allow-held", &reader)
        if var inner = try reader.table("limits") { limits = try SyncLimits(&inner) }
        if var inner = try reader.table("undo") {
            keptRuns = try inner.count("keep")
            try inner.end(knowing: ["keep"])
        }
        secrets = try Self.secrets(&reader)
        try reader.end(knowing: ["profiles", "exclude", "preserve-absent", "allow-held", "limits", "undo", "secrets"])
    }

    private static func secrets(_ reader: inout TOMLReader) throws(ConfigurationError) -> SecretPolicy? {
        let key = "secrets"
        guard let node = reader.value(key) else { return nil }
        if case .string(let text) = node, let policy = SecretPolicy(rawValue: text) { return policy }
        throw reader.error(
            key, "it is none of the policies", advice: #"write "warn", "block" or "off""#)
    }

    private static func patterns(
        _ key: String, _ reader: inout TOMLReader
    ) throws(ConfigurationError) -> [[UInt8]] {
        try reader.strings(key).map { $0.map { Array($0.utf8) } } ?? []
    }

    private static func profiles(_ reader: TOMLReader) throws(ConfigurationError) -> [String: Profile] {
        var reader = reader
        var profiles: [String: Profile] = [:]
        for name in reader.keys {
            guard var inner = try reader.table(name) else { continue }
            let advice = #"write command = ["program", "argument"]"#
            guard let words = try inner.strings("command") else {
                throw inner.error("command", "it is missing", advice: advice)
            }
            guard let program = words.first, !program.isEmpty else {
                throw inner.error("command", "it names no program", advice: advice)
            }
            try inner.end(knowing: ["command"])
            profiles[name] = Profile(command: words.map { Array($0.utf8) })
        }
        return profiles
    }
}
