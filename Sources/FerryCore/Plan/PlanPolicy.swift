/// What a plan does where the source and the destination are not the same.
///
/// These are the rules without a baseline: nothing is known of what either side held before.
public struct PlanPolicy: Sendable {
    /// What becomes of an entry that both sides have and that differs.
    public enum Differing: Sendable, Hashable {
        /// The source's version replaces the destination's.
        case replace
        /// The destination's version stays and a conflict is reported.
        case keep
        /// The destination's version stays and the source's is put beside it under another name.
        case keepBoth
    }

    /// What becomes of an entry that only the destination has.
    public enum Extra: Sendable, Hashable {
        /// It stays.
        case keep
        /// It goes, unless something protects it.
        case delete
    }

    /// What becomes of an entry that both sides have and that differs.
    public var differing: Differing
    /// What becomes of an entry that only the destination has.
    public var extra: Extra
    /// Which entries from an untrusted source are held for review; nil when the source is trusted.
    public var review: HeldReview?
    /// Whether fingerprints are ignored and all content of files with the same size is compared.
    public var comparesAllContent: Bool

    /// Makes a policy.
    public init(
        differing: Differing, extra: Extra = .keep, review: HeldReview? = nil, comparesAllContent: Bool = false
    ) {
        self.differing = differing
        self.extra = extra
        self.review = review
        self.comparesAllContent = comparesAllContent
    }
}
