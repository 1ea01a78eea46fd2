import ArgumentParser
import FerryCore

/// The value of `--max-delete`.
struct DeletionLimitArgument: ExpressibleByArgument, Equatable {
    let limit: DeletionLimit

    /// Reads `N` or `N%`.
    init?(argument: String) {
        let isPercentage = argument.hasSuffix("%")
        guard let number = Int(isPercentage ? argument.dropLast() : argument[...]), number >= 0 else { return nil }
        if isPercentage && number > 100 { return nil }
        limit = isPercentage ? .percent(number) : .count(number)
    }
}
