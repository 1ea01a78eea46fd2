import ArgumentParser
import FerryEngine

/// The value of `--on-conflict`.
struct ConflictArgument: ExpressibleByArgument {
    let policy: ConflictPolicy

    init(_ policy: ConflictPolicy) { self.policy = policy }

    init?(argument: String) {
        guard let policy = ConflictPolicy(rawValue: argument) else { return nil }
        self.policy = policy
    }

    var defaultValueDescription: String { policy.rawValue }

    static var allValueStrings: [String] { ConflictPolicy.allCases.map(\.rawValue) }
}
