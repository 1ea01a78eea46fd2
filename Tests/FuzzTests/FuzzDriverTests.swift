import FerryTesting
import Foundation
import Testing

@testable import Fuzzing

/// What reads bytes of others, on inputs that a plain generator makes of right ones.
///
/// `FERRY_FUZZ_INPUTS` sets how many each gets.
@Suite("Fuzz targets")
struct FuzzDriverTests {
    static let count = ProcessInfo.processInfo.environment["FERRY_FUZZ_INPUTS"].flatMap(Int.init) ?? 500

    @Test("What is right is taken, and nothing that is made of it breaks a promise", arguments: FuzzTarget.allCases)
    func mutations(target: FuzzTarget) {
        #expect(!target.seeds.isEmpty)
        for seed in target.seeds { #expect(target.run(seed) == nil) }
        for seed in 1...UInt64(Self.count) {
            var random = SeededGenerator(seed: seed)
            let input = target.mutated(&random)
            if let fault = target.run(input) { Issue.record("\(target), seed \(seed): \(fault)\n\(input)") }
        }
        print("fuzz target \(target): \(Self.count) inputs, no fault")
    }
}
