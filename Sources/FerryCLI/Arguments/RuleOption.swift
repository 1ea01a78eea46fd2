import Synchronization

/// One `--exclude`, `--include` or `--exclude-from`, with its place among all of them.
///
/// The parser keeps the order of one option's values but not that of different options, and here the last matching pattern
/// decides. It does convert the values one by one from left to right, so each takes the next number as it is converted.
struct RuleOption: Sendable {
    let value: [UInt8]
    let rank: Int

    private static let nextRank = Atomic<Int>(0)

    init(_ text: String) {
        value = ArgumentText.bytes(of: text)
        rank = RuleOption.nextRank.add(1, ordering: .relaxed).oldValue
    }
}
