/// One thing that was looked at.
public struct Finding: Sendable, Hashable {
    /// How grave a finding is.
    public enum Level: String, Sendable, CaseIterable {
        /// All is well.
        case ok
        /// Ferry works, but slower or with less.
        case warning = "warn"
        /// Ferry does not work.
        case failure = "fail"
    }

    /// What was looked at.
    public let subject: String
    /// How grave it is.
    public let level: Level
    /// What was found.
    public let detail: String
    /// What to do next; nil when there is nothing to do.
    public let advice: String?

    /// Makes a finding.
    public init(_ subject: String, _ level: Level, _ detail: String, advice: String? = nil) {
        self.subject = subject
        self.level = level
        self.detail = detail
        self.advice = advice
    }
}
