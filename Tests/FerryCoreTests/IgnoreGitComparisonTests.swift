import FerryCore
import Foundation
import Testing

@Suite("Ignore rules beside git")
struct IgnoreGitComparisonTests {
    @Test("a generated corpus gets the same answer, file, line and pattern as from git check-ignore")
    func generatedCorpus() throws {
        let repository = try TemporaryRepository()
        defer { repository.remove() }
        var generator = SplitMix64(state: 0x5EED)
        let tree = GeneratedTree(using: &generator)
        try repository.create(tree)
        var decided = 0
        for round in 0..<150 {
            let files = tree.ruleFiles(using: &generator)
            try repository.write(ruleFiles: files)
            let expected = try repository.checkIgnore(tree.entries)
            let actual = answers(of: files, for: tree.entries)
            #expect(expected.count == tree.entries.count)
            for (index, entry) in tree.entries.enumerated() where index < expected.count {
                #expect(actual[index] == expected[index], "round \(round), \(entry.path)")
                decided += expected[index].isEmpty ? 0 : 1
            }
            try repository.remove(ruleFiles: files)
        }
        // A corpus in which nothing or everything matches would prove nothing.
        #expect((4_000...14_000).contains(decided))
    }

    @Test("patterns with many wildcards match deep paths as with git")
    func deepPaths() throws {
        let repository = try TemporaryRepository()
        defer { repository.remove() }
        var generator = SplitMix64(state: 0xFEED)
        let pieces = ["a", "b", "*", "?", "/", "/", "**", "/**/", "**/", "[ab]", "[!a]", "a", "b", "**\\/"]
        var decided = 0
        for _ in 0..<100 {
            let entries = (0..<100).map { _ in
                let components = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                    (0..<Int.random(in: 1...4, using: &generator)).map { _ in generator.pick(["a", "b"]) }.joined()
                }
                return GeneratedTree.Entry(path: Array(components.joined(separator: "/").utf8), isDirectory: false)
            }
            let patterns = (0..<3).map { _ in
                "/" + (0..<Int.random(in: 3...12, using: &generator)).map { _ in generator.pick(pieces) }.joined()
            }
            let files = [(directory: "", content: Array(patterns.joined(separator: "\n").utf8))]
            try repository.write(ruleFiles: files)
            let expected = try repository.checkIgnore(entries)
            #expect(answers(of: files, for: entries) == expected, "\(patterns)")
            decided += expected.count { !$0.isEmpty }
        }
        #expect((1_000...9_000).contains(decided))
    }

    @Test("every byte is in the same character classes as with git")
    func characterClasses() throws {
        let repository = try TemporaryRepository()
        defer { repository.remove() }
        let bytes = (1...255).map(UInt8.init).filter { $0 != UInt8(ascii: "/") }
        let entries = bytes.map { GeneratedTree.Entry(path: [UInt8(ascii: "x"), $0], isDirectory: false) }
        let names = ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper"]
        let patterns = (names + ["xdigit", "word", ""]).flatMap { ["x[[:\($0):]]", "x[^[:\($0):]]", "x[[:\($0):]-z]"] }
        for pattern in patterns + ["x[]-a]", "x[!]a-]", "x[\\]-a]", "x[+--]", "x[[:]", "x[[:a]", "x[z-a]", "x[\u{E9}]"]
        {
            let files = [(directory: "", content: Array(pattern.utf8))]
            try repository.write(ruleFiles: files)
            #expect(answers(of: files, for: entries) == (try repository.checkIgnore(entries)), "\(pattern)")
        }
    }

    private func answers(
        of files: [(directory: String, content: [UInt8])], for entries: [GeneratedTree.Entry]
    ) -> [String] {
        var rules = IgnoreRules(defaults: .none)
        for file in files {
            let label = Array((file.directory.isEmpty ? ".gitignore" : "\(file.directory)/.gitignore").utf8)
            rules.addDirectoryFile(
                kind: .gitignore, directory: Array(file.directory.utf8),
                patterns: IgnorePatternList(parsing: file.content, kind: .gitignore, label: label))
        }
        var walk = IgnoreWalk(rules)
        return entries.map { entry in
            let path = RelativePath(unchecked: entry.path)
            let verdict = rules.verdict(for: path, isDirectory: entry.isDirectory)
            let isExcluded = walk.excludes(path, isDirectory: entry.isDirectory)
            #expect(isExcluded == verdict.isExcluded, "\(path)")
            switch verdict {
            case .undecided: return ""
            case .included(let pattern), .excluded(let pattern):
                return "\(pattern.origin) \(pattern)"
            }
        }
    }
}

/// Files and directories with names from a small alphabet, so that generated patterns often match.
private struct GeneratedTree {
    struct Entry {
        let path: [UInt8]
        let isDirectory: Bool
    }

    private(set) var entries: [Entry] = []
    private let names = [
        "a", "b", "ab", "ba", "a.c", "b.o", ".a", "foo", "foo.c", "fo[o].c", "bar", "a b", "a ", "#a", "!a", "a\\b",
        "[a]",
        "A", "a-b", "foobar", "**", "a*", "\u{E9}", "x1", "x]",
    ]

    init(using generator: inout SplitMix64) {
        fill("", depth: 0, using: &generator)
    }

    private mutating func fill(_ directory: String, depth: Int, using generator: inout SplitMix64) {
        for name in names where Int.random(in: 0..<10, using: &generator) < (depth == 0 ? 10 : 4) {
            let isDirectory = depth < 3 && Int.random(in: 0..<10, using: &generator) < 3
            entries.append(Entry(path: Array((directory + name).utf8), isDirectory: isDirectory))
            if isDirectory { fill(directory + name + "/", depth: depth + 1, using: &generator) }
        }
    }

    func ruleFiles(using generator: inout SplitMix64) -> [(directory: String, content: [UInt8])] {
        let directories = entries.filter(\.isDirectory).map { String(decoding: $0.path, as: UTF8.self) }
        let chosen = directories.shuffled(using: &generator).prefix(4)
        return ([""] + chosen).map { directory in
            (directory, content(using: &generator))
        }
    }

    private func content(using generator: inout SplitMix64) -> [UInt8] {
        var content: [UInt8] = Int.random(in: 0..<20, using: &generator) == 0 ? [0xEF, 0xBB, 0xBF] : []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            content += pattern(using: &generator)
            content += generator.pick(["\n", "\n", "\n", "\r\n", " \n", "\\ \n", "\t\n"]).utf8
        }
        if Bool.random(using: &generator) { content.removeLast() }
        return content
    }

    private func pattern(using generator: inout SplitMix64) -> [UInt8] {
        var text = generator.pick(["", "", "", "!", "#", "\\"])
        text += generator.pick(["", "", "/", "**/", "*/"])
        for index in 0..<Int.random(in: 1...4, using: &generator) {
            if index > 0 {
                text += generator.pick(["/", "/**/", "", "", "/*/", "**/", "/**", "\\/", "**\\/"])
            }
            text += piece(using: &generator)
        }
        text += generator.pick(["", "", "", "/", "/**", "/*", "**"])
        return Array(text.utf8)
    }

    private func piece(using generator: inout SplitMix64) -> String {
        let pieces = [
            "*", "a*", "*.c", "*.o", "?", "??", "*b*", "**", "***", "[a-b]", "[!a]", "[^a]*", "[]x]", "[[:alpha:]]",
            "[a",
            "[[:upper:]]", "foo*", "fo?", "*a*a", "[a-]", "[\\]a]", "\\a", "\\*", "\\[a]", "x[0-9]", "x[[:digit:]]",
            ".*", "*.?",
        ]
        if Bool.random(using: &generator) { return generator.pick(names) }
        return generator.pick(pieces)
    }
}

/// A repository of git in a temporary directory, free of the user's configuration.
private struct TemporaryRepository {
    private let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "ferry-ignore-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        _ = try git(["init", "--quiet", "--template="], input: [])
    }

    func remove() {
        try? FileManager.default.removeItem(at: root)
    }

    func create(_ tree: GeneratedTree) throws {
        for entry in tree.entries {
            let url = root.appending(path: String(decoding: entry.path, as: UTF8.self))
            if entry.isDirectory {
                try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            } else {
                try Data().write(to: url)
            }
        }
    }

    func write(ruleFiles files: [(directory: String, content: [UInt8])]) throws {
        for file in files { try Data(file.content).write(to: location(file.directory)) }
    }

    func remove(ruleFiles files: [(directory: String, content: [UInt8])]) throws {
        for file in files { try FileManager.default.removeItem(at: location(file.directory)) }
    }

    /// What git says for each path: nothing, or file, line and pattern.
    func checkIgnore(_ entries: [GeneratedTree.Entry]) throws -> [String] {
        let input = entries.reduce(into: []) { $0 += $1.path + [0] }
        let output = try git(["check-ignore", "--no-index", "-v", "-n", "--stdin", "-z"], input: input)
        let fields = output.split(separator: 0, omittingEmptySubsequences: false)
        return stride(from: 0, to: fields.count - 1, by: 4).map { index in
            if fields[index].isEmpty { return "" }
            return "\(displayName(of: fields[index])):\(displayName(of: fields[index + 1])) "
                + displayName(of: fields[index + 2])
        }
    }

    private func location(_ directory: String) -> URL {
        root.appending(path: directory.isEmpty ? ".gitignore" : "\(directory)/.gitignore")
    }

    private func git(_ arguments: [String], input: [UInt8]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = root
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
        process.environment = inherited.merging(
            ["GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C"], uniquingKeysWith: { $1 })
        // By file, so that neither side waits for the other to read.
        let list = root.appending(path: ".git-input")
        try Data(input).write(to: list)
        process.standardInput = try FileHandle(forReadingFrom: list)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Array(data)
    }
}

/// A small generator whose sequence never changes.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// One element of a list that is not empty.
    mutating func pick<Element>(_ list: [Element]) -> Element {
        list[Int.random(in: list.indices, using: &self)]
    }
}
