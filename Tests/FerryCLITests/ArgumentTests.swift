import ArgumentParser
import FerryCore
import FerryFileSystem
import Testing

@testable import FerryCLI

@Suite("Arguments")
struct ArgumentTests {
    @Test(
        "Bytes come through the parser as they are",
        arguments: [
            [], Array("plain".utf8), [0xFF], [0x61, 0xFF, 0x62], [0xC3], [0xC3, 0xA9], [0xED, 0xA0, 0x80],
            Array("\u{10FF80}\u{10FFFF}\u{10FF00}".utf8), Array("e\u{301}".utf8), [0xF0, 0x9F, 0x98], [0x0A, 0x1B],
        ] as [[UInt8]])
    func argumentText(bytes: [UInt8]) {
        #expect(ArgumentText.bytes(of: ArgumentText.text(of: bytes)) == bytes)
    }

    @Test("All sequences of two bytes come back")
    func everyPair() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let bytes = [first, second]
                guard ArgumentText.bytes(of: ArgumentText.text(of: bytes)) != bytes else { continue }
                Issue.record("\(bytes)")
            }
        }
    }

    @Test("Messages show replaced bytes in octal")
    func messages() {
        #expect(ArgumentText.message("x " + ArgumentText.text(of: [0xFF])) == "x \\377")
    }

    @Test(
        "Rates have rsync's suffixes",
        arguments: [
            ("100", 102_400), ("1.5m", 1_572_864), ("2MiB", 2_097_152), ("500KB", 500_000), ("4096b", 4096),
            ("1g", 1 << 30),
            ("0", nil),
        ] as [(String, Int?)])
    func rates(text: String, bytes: Int?) throws {
        #expect(try #require(ByteRate(argument: text)).bytesPerSecond == bytes)
    }

    @Test(
        "Rates that make no sense are refused",
        arguments: ["", "x", "-1", "1x", "1kk", "1e3", "k", "1..2", "99999999p"])
    func badRates(text: String) { #expect(ByteRate(argument: text) == nil) }

    @Test("A deletion limit is a number or a percentage")
    func deletionLimits() {
        #expect(DeletionLimitArgument(argument: "0")?.limit == .count(0))
        #expect(DeletionLimitArgument(argument: "25%")?.limit == .percent(25))
        for text in ["", "-1", "101%", "%", "x"] { #expect(DeletionLimitArgument(argument: text) == nil) }
    }

    @Test("An owner is a name or a number, with or without a group")
    func owners() throws {
        #expect(try OwnerArgument("root").owner == FileOwner(user: 0, group: 0))
        #expect(try OwnerArgument("0:5").owner == FileOwner(user: 0, group: 5))
        #expect(try OwnerArgument("12345:root").owner == FileOwner(user: 12345, group: 0))
        for text in ["no-such-user", "root:no-such-group", "4294967295:0", ":0"] {
            #expect(throws: ValidationError.self) { try OwnerArgument(text) }
        }
    }

    @Test("The state directory comes from the option, then from the environment in a fixed order")
    func stateDirectory() {
        let all = ["FERRY_STATE_DIR": "/f", "XDG_STATE_HOME": "/x", "HOME": "/h"]
        func path(_ given: String?, without names: String...) -> String? {
            StateDirectory.path(given: given.map { Array($0.utf8) }) { name in
                names.contains(name) ? nil : all[name].map { Array($0.utf8) }
            }.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(path("/o") == "/o")
        #expect(path(nil) == "/f")
        #expect(path(nil, without: "FERRY_STATE_DIR") == "/x/ferry")
        #expect(path(nil, without: "FERRY_STATE_DIR", "XDG_STATE_HOME") == "/h/.local/state/ferry")
        #expect(path(nil, without: "FERRY_STATE_DIR", "XDG_STATE_HOME", "HOME") == nil)
    }

    @Test("A relative XDG directory does not count")
    func relativeState() {
        #expect(StateDirectory.path(given: nil) { $0 == "XDG_STATE_HOME" ? Array("x".utf8) : nil } == nil)
    }

    @Test("A list of paths is read as rsync reads it")
    func filesFrom() throws {
        let text = "# comment\n;also\n/a\n./b/\n\nc//d\r\n"
        let paths = try SelectionArguments.paths(in: Array(text.utf8), zeroTerminated: false)
        #expect(paths.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a", "b", "c/d"])
    }

    @Test("With NUL between them paths hold anything")
    func filesFromZero() throws {
        let paths = try SelectionArguments.paths(in: Array("#a\0b\nc\0".utf8), zeroTerminated: true)
        #expect(paths.map { String(decoding: $0.bytes, as: UTF8.self) } == ["#a", "b\nc"])
    }

    @Test("A listed path that leaves the workspace is refused", arguments: ["..", "a/../b", ".", "/"])
    func filesFromOutside(text: String) {
        let error = #expect(throws: CommandFailure.self) {
            try SelectionArguments.paths(in: Array(text.utf8), zeroTerminated: false)
        }
        #expect(error?.status == .usage)
    }

    @Test("An unknown override is answered with the known ones")
    func overrides() throws {
        let error = try #require(throws: (any Error).self) {
            try Ferry.parseAsRoot(["sync", "push", "a", "b", "--allow", "x"])
        }
        let message = Ferry.fullMessage(for: error)
        for name in ["overwrite-sandbox", "emptied-root", "mass-delete", "low-space"] {
            #expect(message.contains(name))
        }
    }
}
