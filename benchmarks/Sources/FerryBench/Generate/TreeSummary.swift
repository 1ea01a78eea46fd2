/// What a generated tree holds; also the proof, beside a kept tree, that its generation came to an end.
struct TreeSummary: Codable, Equatable, Sendable {
    var profile: Profile
    var scale: Double
    var seed: UInt64
    var files = 0
    var directories = 0
    var links = 0
    /// The sum of the files' sizes, holes included.
    var bytes: Int64 = 0

    /// Everything below the root; the root itself is not counted.
    var entries: Int { files + directories + links }
}
