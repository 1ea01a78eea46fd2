import ArgumentParser
import FerryCore
import Foundation
import Testing

@testable import FerryCLI

@Suite("The order of exclude rules")
struct RuleOrderTests {
    private func patterns(_ arguments: [String]) throws -> [String] {
        let command = try #require(try Ferry.parseAsRoot(["sync", "push", "a", "b"] + arguments) as? PushCommand)
        return try command.rules.patterns().patterns.map { String(decoding: $0.text, as: UTF8.self) }
    }

    @Test("Excludes and includes stay in the order of the command line")
    func mixed() throws {
        #expect(
            try patterns(["--exclude", "a", "--include", "b", "--exclude", "c", "--include=d", "--exclude=e"])
                == ["a", "!b", "c", "!d", "e"])
        #expect(try patterns(["--include", "b", "--exclude", "a"]) == ["!b", "a"])
    }

    @Test("Other options and arguments in between change nothing")
    func scattered() throws {
        #expect(
            try patterns(["--include", "x", "-n", "--exclude", "y", "-vi", "--max-delete", "5", "--include", "z"])
                == ["!x", "y", "!z"])
    }

    @Test("The patterns of a file stand where the option stands")
    func files() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "ferry-rules-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("# comment\nin1\n!in2\n".utf8).write(to: file)
        #expect(
            try patterns(["--exclude", "before", "--exclude-from", file.path, "--include", "after"])
                == ["before", "in1", "!in2", "!after"])
    }

    @Test("A pattern may begin with a dash or be another option's name")
    func dashes() throws {
        #expect(
            try patterns(["--exclude", "-x", "--exclude", "--include", "--include", "--"]) == [
                "-x", "--include", "!--",
            ])
    }

    @Test("Many alternating options keep their order")
    func many() throws {
        let arguments = (0..<200).flatMap { [$0 % 3 == 0 ? "--include" : "--exclude", "p\($0)"] }
        #expect(try patterns(arguments) == (0..<200).map { ($0 % 3 == 0 ? "!" : "") + "p\($0)" })
    }
}
