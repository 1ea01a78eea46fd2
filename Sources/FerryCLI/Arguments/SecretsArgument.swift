import ArgumentParser
import FerryCore

/// The value of `--secrets`.
struct SecretsArgument: ExpressibleByArgument {
    let policy: SecretPolicy

    init?(argument: String) {
        guard let policy = SecretPolicy(rawValue: argument) else { return nil }
        self.policy = policy
    }

    var defaultValueDescription: String { policy.rawValue }

    static var allValueStrings: [String] { SecretPolicy.allCases.map(\.rawValue) }
}
