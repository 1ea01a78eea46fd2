/// `.ferry.toml` at a workspace's root: what belongs to the workspace and can make a sync only more careful.
///
/// ```toml
/// exclude = ["node_modules/", "*.log"]
/// preserve-absent = [".env"]
/// [limits]
/// entries = 1_000_000
/// max-delete = "10%"
/// ```
/// Such a file may come from a repository that somebody else wrote. So whatever names programs, hosts, credentials or anything that
/// relaxes a rule has no key here. Whoever reads it makes sure that the user owns the file.
public struct WorkspaceConfiguration: Sendable, Hashable {
    /// The file's name.
    public static let name = Array(".ferry.toml".utf8)

    /// Patterns of what does not take part.
    public var excludes: [[UInt8]] = []
    /// Patterns of what is not deleted for being absent.
    public var preserves: [[UInt8]] = []
    /// Limits; they count only where they are stricter.
    public var limits = SyncLimits()

    /// Makes an empty configuration.
    public init() {}

    /// Reads a file's content.
    ///
    /// - Parameters:
    ///   - content: The bytes.
    ///   - file: The file's path, for messages.
    /// - Throws: ``ConfigurationError``.
    public init(parsing content: [UInt8], file: [UInt8]) throws(ConfigurationError) {
        var reader = try TOMLReader(parsing: content, file: file)
        for key in reader.keys where Self.foreign.contains(key) {
            throw reader.error(
                key, "a workspace's file may not decide this", advice: "write it into ferry/config.toml in ~/.config")
        }
        excludes = try reader.strings("exclude").map { $0.map { Array($0.utf8) } } ?? []
        preserves = try reader.strings("preserve-absent").map { $0.map { Array($0.utf8) } } ?? []
        for pattern in excludes where pattern.first == UInt8(ascii: "!") {
            throw reader.error(
                "exclude", "'\(String(decoding: pattern, as: UTF8.self))' takes an exclusion back",
                advice: "use .ferryignore, or --include")
        }
        if var inner = try reader.table("limits") { limits = try SyncLimits(&inner) }
        try reader.end(knowing: ["exclude", "preserve-absent", "limits"])
    }

    /// Keys of the user's own configuration, for a better message.
    private static let foreign: Set<String> = [
        "profiles", "origins", "credentials", "links", "secrets", "undo", "allow-held",
    ]
}
