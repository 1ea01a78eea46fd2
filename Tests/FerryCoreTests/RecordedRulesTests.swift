import FerryCore
import Testing

@Suite("Recorded rules")
struct RecordedRulesTests {
    @Test("Rules of any bytes come back from the form that a baseline keeps")
    func roundTrip() throws {
        var rules = RecordedRules()
        let origin = IgnoreOrigin(kind: .commandLine, label: [])
        for pattern in [[0x21, 0x61], Array("*.log".utf8), [0xFF, 0x0A, 0x2F], Array(1...255)] as [[UInt8]] {
            rules.patterns.append(excluding: pattern, origin: origin)
            rules.preserves.append(excluding: pattern, origin: origin)
        }
        for defaults in [IgnoreRules.Defaults.builtIn, .none] {
            for usesGitignore in [true, false] {
                (rules.defaults, rules.usesGitignore) = (defaults, usesGitignore)
                let read = try #require(RecordedRules(encoded: rules.encoded))
                #expect(read.defaults == defaults && read.usesGitignore == usesGitignore)
                #expect(read.patterns.patterns.map(\.text) == rules.patterns.patterns.map(\.text))
                #expect(read.preserves.patterns.map(\.text) == rules.preserves.patterns.map(\.text))
            }
        }
        #expect(RecordedRules(encoded: RecordedRules().encoded) == RecordedRules())
    }

    @Test("Other bytes are no rules")
    func malformed() {
        for bytes in [[], [0x32], [0x31, 0x7A, 0]] as [[UInt8]] { #expect(RecordedRules(encoded: bytes) == nil) }
    }
}
