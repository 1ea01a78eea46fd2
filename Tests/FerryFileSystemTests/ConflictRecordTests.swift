import FerryCore
import Testing

@testable import FerryFileSystem

@Suite("The bytes of a conflict record")
struct ConflictRecordTests {
    private static let record = ConflictRecord(
        time: 1_700_000_000, run: "20231114-221320-000abc", workspace: [0x2F, 0xFF], endpoint: Array("tar:x".utf8),
        entries: [
            .init(
                path: [0xFE, 0x0A], cause: .conflict(.bothChanged), version: .stored, kind: .file, size: 1 << 40,
                local: [1, 2, 3]),
            .init(
                path: Array("a/b".utf8), cause: .held(.gitHook), version: .leftInSandbox, kind: .symlink, size: 0,
                local: []),
        ])

    @Test("what was written is what is read")
    func roundTrip() throws {
        #expect(try ConflictRecord(decoding: Self.record.encoded) == Self.record)
    }

    @Test("a record that was cut or changed anywhere is damaged")
    func damage() {
        let bytes = Self.record.encoded
        for length in 0..<bytes.count {
            #expect(throws: JournalError.self) { try ConflictRecord(decoding: Array(bytes[..<length])) }
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            #expect(throws: JournalError.self) { try ConflictRecord(decoding: changed) }
        }
    }

    @Test("a path that leaves the workspace is no path of a record")
    func hostilePath() {
        for path in ["../x", "/x", "", "a//b"] {
            var record = Self.record
            record.entries[0].path = Array(path.utf8)
            #expect(throws: JournalError.self) { try ConflictRecord(decoding: record.encoded) }
        }
    }

    @Test("the numbers of reasons stay what they are: records keep them")
    func numbers() {
        #expect(PlanReason.allCases.map(\.rawValue) == Array(0...12))
        #expect(PlanReason.bothChanged.rawValue == 3 && PlanReason.neededByContent.rawValue == 12)
        #expect(HeldReason.allCases.map(\.rawValue) == Array(0...4))
        #expect(HeldReason.linkLeavesWorkspace.rawValue == 0 && HeldReason.ferryConfiguration.rawValue == 4)
    }
}
