/// What a push does about files that look like secrets.
public enum SecretPolicy: String, Sendable, CaseIterable {
    /// Names them and goes on.
    case warn
    /// Names them and stops before any change.
    case block
    /// Does not look.
    case off
}
