import FerryRuntime
import FerryTransport
import Foundation
import Testing

@Suite("Execution specs and session identities")
struct ExecutionSpecTests {
    private static let valid: [String: JSONValue] = [
        "transport": " sandbox\n", "provider": "\te2b ", "sandboxId": " sb-1 ", "remoteCwd": "\u{FEFF} /home/user/ws ",
        "timeoutMs": 30_000, "apiKey": " key ", "callbackApiUrl": " http://127.0.0.1:1 ",
    ]

    @Test("every field is trimmed")
    func trims() throws {
        let spec = try ExecutionSpec.parse(.object(Self.valid))
        #expect(spec.provider == "e2b" && spec.sandboxID == "sb-1" && spec.remoteDirectory == "/home/user/ws")
        #expect(spec.timeout == .seconds(30) && spec.apiKey?.revealed == "key")
        #expect(spec.callbackURL == "http://127.0.0.1:1")
        #expect(!"\(spec)".contains("key "), "the key shows in the description")
    }

    @Test("a numeric string is a time-out", arguments: [("60000", 60_000.0), (" 1.5e3 ", 1_500), ("0.1", 0.1)])
    func numericString(text: String, milliseconds: Double) throws {
        let spec = try ExecutionSpec.parse(.object(Self.valid.merging(["timeoutMs": .string(text)]) { $1 }))
        #expect(spec.timeoutMilliseconds == milliseconds)
    }

    @Test("a key and a URL that are empty, blank, null or missing are absent")
    func absent() throws {
        for value: JSONValue? in ["", "  \n", nil, .some(.null)] {
            var members = Self.valid
            members["apiKey"] = value
            members["callbackApiUrl"] = value
            let spec = try ExecutionSpec.parse(.object(members))
            #expect(spec.apiKey == nil && spec.callbackURL == nil)
        }
    }

    @Test("the URL is taken by its older name, too")
    func olderName() throws {
        var members = Self.valid
        members["callbackApiUrl"] = nil
        members["paperclipApiUrl"] = "http://x"
        #expect(try ExecutionSpec.parse(.object(members)).callbackURL == "http://x")
    }

    @Test(
        "what is not an object is refused",
        arguments: [.null, [], ["x"], "sandbox", 1, true, .array([.object(valid)])] as [JSONValue])
    func notAnObject(value: JSONValue) {
        #expect { try ExecutionSpec.parse(value) } throws: { ($0 as? SpecError)?.code == .notAnObject }
    }

    @Test("a missing field is named", arguments: ["transport", "provider", "sandboxId", "remoteCwd", "timeoutMs"])
    func missing(field: String) {
        var members = Self.valid
        members[field] = nil
        #expect { try ExecutionSpec.parse(.object(members)) } throws: {
            guard let error = $0 as? SpecError else { return false }
            return error.code == .missingField && error.field == field && error.reason.contains(field)
        }
    }

    @Test(
        "a field that is not what it must be is named",
        arguments: [
            ("provider", "  "), ("sandboxId", 7), ("remoteCwd", .null), ("remoteCwd", "a\0b"), ("timeoutMs", 0),
            ("timeoutMs", -1), ("timeoutMs", .number(.nan)), ("timeoutMs", .number(.infinity)), ("timeoutMs", ""),
            ("timeoutMs", "soon"), ("timeoutMs", "inf"), ("timeoutMs", "nan"), ("timeoutMs", "-5"),
            ("timeoutMs", .null),
            ("timeoutMs", [1]), ("timeoutMs", true), ("apiKey", 5), ("apiKey", "a\nb"), ("callbackApiUrl", ["x"]),
            ("apiKey", .string(String(repeating: "x", count: 8_193))), ("transport", 1), ("transport", " "),
        ] as [(String, JSONValue)])
    func invalid(field: String, value: JSONValue) {
        #expect {
            try ExecutionSpec.parse(.object(Self.valid.merging([field: value]) { $1 }))
        } throws: {
            guard let error = $0 as? SpecError else { return false }
            return error.code == .invalidField && error.field == field
        }
    }

    @Test("another transport is refused", arguments: ["ssh", "Sandbox", "sandboxes"])
    func otherTransport(name: String) {
        #expect {
            try ExecutionSpec.parse(.object(Self.valid.merging(["transport": .string(name)]) { $1 }))
        } throws: {
            ($0 as? SpecError)?.code == .unsupportedTransport
        }
    }

    @Test("a refusal never tells a value")
    func quiet() {
        #expect {
            try ExecutionSpec.parse(.object(Self.valid.merging(["apiKey": "hunter2\nx"]) { $1 }))
        } throws: {
            !"\($0)".contains("hunter2") && !String(reflecting: $0).contains("hunter2")
        }
    }

    @Test("a spec comes out of any decoder's JSON")
    func decoded() throws {
        let text = """
            {"transport": "sandbox", "provider": "p", "sandboxId": "s", "remoteCwd": "/w", "timeoutMs": 12, "x": [1, true, null]}
            """
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        #expect(value["x"] == [1, true, nil])
        #expect(try ExecutionSpec.parse(value).timeoutMilliseconds == 12)
        let again = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        #expect(again == value)
    }

    @Test("a time that no clock counts to is no trap")
    func hugeTimeout() throws {
        let spec = try ExecutionSpec.parse(.object(Self.valid.merging(["timeoutMs": 1e300]) { $1 }))
        #expect(spec.timeout > .seconds(1_000_000))
    }

    @Test("an identity ignores time-out and key, and nothing else")
    func identity() throws {
        let spec = try ExecutionSpec.parse(.object(Self.valid))
        let saved = try JSONDecoder().decode(SessionIdentity.self, from: JSONEncoder().encode(spec.identity))
        #expect(SessionIdentity.matches(saved: saved, current: spec))
        let same = Self.valid.merging(["timeoutMs": 1, "apiKey": "other"]) { $1 }
        #expect(SessionIdentity.matches(saved: saved, current: try .parse(.object(same))))
        for (field, value) in [
            ("provider", "x"), ("sandboxId", "SB-1"), ("remoteCwd", "/home/user/ws/"), ("callbackApiUrl", ""),
        ] as [(String, JSONValue)] {
            let other = Self.valid.merging([field: value]) { $1 }
            #expect(!SessionIdentity.matches(saved: saved, current: try .parse(.object(other))), "\(field)")
        }
        #expect(!SessionIdentity.matches(saved: saved, current: nil))
        #expect(!SessionIdentity.matches(saved: nil, current: spec))
    }

    @Test("an identity is of bytes: texts that only look alike are another session")
    func identityBytes() throws {
        let one = try ExecutionSpec.parse(.object(Self.valid.merging(["sandboxId": "\u{E9}"]) { $1 }))
        let other = try ExecutionSpec.parse(.object(Self.valid.merging(["sandboxId": "e\u{301}"]) { $1 }))
        #expect(!SessionIdentity.matches(saved: one.identity, current: other))
    }

    @Test("a saved identity of another transport never matches")
    func savedTransport() throws {
        let spec = try ExecutionSpec.parse(.object(Self.valid))
        let text = String(decoding: try JSONEncoder().encode(spec.identity), as: UTF8.self)
        let other = text.replacingOccurrences(of: "\"sandbox\"", with: "\"ssh\"")
        #expect(other != text)
        let saved = try JSONDecoder().decode(SessionIdentity.self, from: Data(other.utf8))
        #expect(!SessionIdentity.matches(saved: saved, current: spec))
    }
}
