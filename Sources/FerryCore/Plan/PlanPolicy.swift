/// What a plan does where the source and the destination are not the same.
///
/// Without ``merge`` these are the rules of two sides of which nothing is known but what they hold. With it, and with a baseline,
/// they say what becomes of conflicts (``differing``) and whether anything may be deleted (``extra``).
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

    /// Which side is which in a merge of three.
    public enum Merge: Sendable, Hashable {
        /// The source is the sandbox, the destination the workspace.
        case pull
        /// The source is the workspace, the destination the sandbox.
        case push
    }

    /// What the sandbox's fingerprints are worth.
    public enum RemoteTrust: Sendable, Hashable {
        /// An equal fingerprint means an untouched entry.
        case fingerprints
        /// Nothing: the sandbox was restarted or lies on another device, so content has to be compared.
        case nothing
        /// The snapshot was taken from the baseline itself (`--trust-baseline`): everything is untouched.
        case everything
    }

    /// What becomes of an entry that both sides have and that differs.
    public var differing: Differing
    /// What becomes of an entry that only the destination has.
    public var extra: Extra
    /// Which entries from an untrusted source are held for review; nil when the source is trusted.
    public var review: HeldReview?
    /// Whether fingerprints are ignored and all content of files with the same size is compared.
    public var comparesAllContent: Bool
    /// Which side is which; nil where that makes no difference, because there is no baseline.
    public var merge: Merge?
    /// Whether the destination becomes the source's exact image, whatever a baseline says of who changed what.
    public var isMirror = false
    /// Whether fifos, sockets and devices at the destination make way like anything else.
    ///
    /// Otherwise they stay, and what holds them stays with them.
    public var removesSpecials = false
    /// What the sandbox's fingerprints in a baseline are worth.
    public var remoteTrust = RemoteTrust.fingerprints
    /// The SHA-256 of the sandbox's files where it is known before the plan is made; it decides before any fingerprint does.
    public var remoteDigest: @Sendable (_ path: [UInt8]) -> [UInt8]? = { _ in nil }
    /// The digest of what an index of git in the workspace says, by its path; nil when that is not known.
    public var localIndexDigest: @Sendable (_ path: [UInt8]) -> [UInt8]? = { _ in nil }
    /// The same of an index in the sandbox.
    public var remoteIndexDigest: @Sendable (_ path: [UInt8]) -> [UInt8]? = { _ in nil }

    /// Makes a policy.
    public init(
        differing: Differing, extra: Extra = .keep, review: HeldReview? = nil, comparesAllContent: Bool = false,
        merge: Merge? = nil
    ) {
        self.differing = differing
        self.extra = extra
        self.review = review
        self.comparesAllContent = comparesAllContent
        self.merge = merge
    }
}
