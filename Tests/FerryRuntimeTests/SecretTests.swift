import FerryTransport
import Testing

@Suite("Secrets")
struct SecretTests {
    @Test("a secret takes 1 to 8,192 bytes without control characters, and nothing else")
    func validation() throws {
        #expect(try Secret("x").revealed == "x")
        #expect(try Secret(String(repeating: "x", count: 8_192)).revealed.utf8.count == 8_192)
        #expect(throws: Secret.Refusal.empty) { try Secret("") }
        #expect(throws: Secret.Refusal.tooLong) { try Secret(String(repeating: "x", count: 8_193)) }
        #expect(throws: Secret.Refusal.tooLong) { try Secret(String(repeating: "é", count: 4_097)) }
        for text in ["a\nb", "a\r", "\0", "\u{1B}[0m", "\u{7F}", "\u{85}", "\r\n"] {
            #expect(throws: Secret.Refusal.controlCharacter) { try Secret(text) }
        }
    }

    @Test("a secret shows itself neither in a description nor in a dump")
    func redaction() throws {
        let secret = try Secret("hunter2")
        var dumped = ""
        dump(["key": secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("hunter2"))
        }
    }

    @Test("equality is of bytes")
    func equality() throws {
        #expect(try Secret("a") == Secret("a"))
        #expect(try Secret("a") != Secret("b"))
        #expect(try Secret("\u{E9}") != Secret("e\u{301}"))
    }
}
