import ArgumentParser
import Foundation
import Testing

@testable import FerryCLI

/// Help, completion scripts and man pages come from the same definitions; none may leave a command out.
@Suite("Completions")
struct CompletionTests {
    /// A command with the words that lead to it.
    private struct Command {
        var words: [String]
        var type: any ParsableCommand.Type
    }

    private static func all(_ type: any ParsableCommand.Type = Ferry.self, _ words: [String] = []) -> [Command] {
        [Command(words: words, type: type)]
            + type.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap {
                all($0, words + [$0.configuration.commandName ?? ""])
            }
    }

    @Test("every command has a recorded help text")
    func snapshots() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")
        let recorded = Set(try FileManager.default.contentsOfDirectory(atPath: directory.path))
        for command in Self.all() {
            let words = command.words.first == "sync" ? command.words.dropFirst() : command.words[...]
            let name = command.words.isEmpty ? "ferry" : words.isEmpty ? "sync" : words.joined(separator: "-")
            #expect(recorded.contains(name + ".txt"), "\(command.words)")
        }
    }

    @Test("every command and every long option of it is in the completion script", arguments: ["bash", "zsh", "fish"])
    func scripts(shell: String) throws {
        let kind = try #require(CompletionShell(rawValue: shell))
        let script = Ferry.completionScript(for: kind)
        let commands = Self.all()
        #expect(commands.count > 20)
        for command in commands {
            if let word = command.words.last { #expect(script.contains(word), "\(command.words)") }
            let help = Ferry.helpMessage(for: command.type, columns: 500)
            for line in help.split(separator: "\n") where line.hasPrefix("  -") {
                // The explanation, which may name others, begins behind a gap.
                let names = line.dropFirst(2).firstRange(of: "  ").map { line[..<$0.lowerBound] } ?? line
                for word in names.split(whereSeparator: { " ,/".contains($0) }) where word.hasPrefix("--") {
                    let option = shell == "fish" ? "-l '\(word.dropFirst(2))'" : String(word)
                    let isThere = script.contains(option)
                    #expect(isThere, "\(command.words) \(word)")
                }
            }
        }
    }
}
