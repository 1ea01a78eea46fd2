import FoundationEssentials

/// The variables that this process was started with.
enum ProcessEnvironment {
    /// All of them; those that are not UTF-8 are left out.
    static var variables: [String: String] { ProcessInfo.processInfo.environment }
}
