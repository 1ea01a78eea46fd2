import FerryCore
import Testing

@Suite("Ignore patterns")
struct IgnorePatternTests {
    /// Patterns, one a line; paths that they exclude and paths that they leave, a directory with a slash at its end.
    struct Case: Sendable, CustomTestStringConvertible {
        let patterns: String
        let excluded: [String]
        let left: [String]

        init(_ patterns: String, excludes excluded: [String], leaves left: [String]) {
            self.patterns = patterns
            self.excluded = excluded
            self.left = left
        }

        var testDescription: String { patterns.debugDescription }
    }

    @Test("a path is excluded exactly when gitignore's language says so", arguments: languageCases + lineCases)
    func table(of example: Case) throws {
        let rules = rules(example.patterns)
        for (paths, expected) in [(example.excluded, true), (example.left, false)] {
            for path in paths {
                #expect(try isExcluded(path, by: rules) == expected, "\(path)")
            }
        }
    }

    static let languageCases = [
        // Names and paths.
        Case("foo", excludes: ["foo", "a/foo", "foo/", "foo/x"], leaves: ["foobar", "afoo", "Foo"]),
        Case("/foo", excludes: ["foo", "foo/x"], leaves: ["a/foo"]),
        Case("a/foo", excludes: ["a/foo", "a/foo/x"], leaves: ["foo", "b/a/foo"]),
        Case("foo/", excludes: ["foo/", "foo/x", "a/foo/x"], leaves: ["foo", "a/foo"]),
        Case("/", excludes: [], leaves: ["a", "a/"]),
        Case("//a", excludes: [], leaves: ["a", "b/a"]),
        Case("./a", excludes: [], leaves: ["a"]),
        // Wildcards inside a component.
        Case("*", excludes: ["a", "a/b", ".a"], leaves: []),
        Case("*.o", excludes: [".o", "a.o", "a.b.o", "d/a.o"], leaves: ["a.oo", "a.c", "o"]),
        Case("*.tar.gz", excludes: ["a.tar.gz", ".tar.gz"], leaves: ["a.gz", "tar.gz"]),
        Case("._*", excludes: ["._", "._a", "d/._a"], leaves: ["a._b", ".a"]),
        Case("a*b*c", excludes: ["abc", "axbxc", "abbcc"], leaves: ["ac", "abcd", "a/bc"]),
        Case("a?c", excludes: ["abc", "a.c"], leaves: ["ac", "abbc"]),
        Case("d/a*c", excludes: ["d/abc", "d/ac"], leaves: ["d/ab", "d/a/c", "abc"]),
        Case("d/?", excludes: ["d/a"], leaves: ["d/ab", "d"]),
        Case("d/*", excludes: ["d/a", "d/a/b"], leaves: ["d/", "d"]),
        // Two stars.
        Case("**", excludes: ["a", "a/b"], leaves: []),
        Case("**/foo", excludes: ["foo", "a/foo", "a/b/foo"], leaves: ["afoo"]),
        Case("**/d/foo", excludes: ["d/foo", "a/d/foo", "a/b/d/foo"], leaves: ["ad/foo", "d/a/foo"]),
        Case("d/**", excludes: ["d/a", "d/a/b"], leaves: ["d/", "a/d/b"]),
        Case("d/**/foo", excludes: ["d/foo", "d/a/foo", "d/a/b/foo"], leaves: ["dfoo", "d/afoo", "a/d/foo"]),
        Case("d/**/e/*.c", excludes: ["d/e/a.c", "d/x/e/e/a.c"], leaves: ["d/a.c", "d/e/x/a.c"]),
        Case("d/a**b", excludes: ["d/ab", "d/axb"], leaves: ["d/a/b"]),
        Case("**/a/**/b/**/c", excludes: ["a/b/c", "x/a/y/b/z/c", "a/a/b/b/c"], leaves: ["b/a/c", "a/c/b"]),
        Case("/foo**/bar", excludes: ["foo/bar", "foo1/2/bar"], leaves: ["fo/bar"]),
        // Bracket expressions.
        Case("[abc]", excludes: ["a", "c"], leaves: ["d", "ab"]),
        Case("[!abc]", excludes: ["d"], leaves: ["a"]),
        Case("[^abc]", excludes: ["d"], leaves: ["a"]),
        Case("x[0-9]", excludes: ["x0", "x9"], leaves: ["xa", "x"]),
        Case("[]-]", excludes: ["]", "-"], leaves: ["a"]),
        Case("[a\\]b]", excludes: ["a", "]", "b"], leaves: ["\\"]),
        Case("[[:digit:][:upper:]_]x", excludes: ["1x", "Ax", "_x"], leaves: ["ax", ":x"]),
        Case("[[:nonsense:]]", excludes: [], leaves: ["n", ":"]),
        Case("[a", excludes: [], leaves: ["a", "[a"]),
        Case("d/[!a]b", excludes: ["d/xb"], leaves: ["d/ab"]),
        // Escapes.
        Case("\\*", excludes: ["*"], leaves: ["a"]),
        Case("report\\[1].csv", excludes: ["report[1].csv"], leaves: ["report1.csv"]),
        Case("a\\/b", excludes: ["a/b"], leaves: ["b"]),
        Case("a\\", excludes: [], leaves: ["a", "a\\"]),
        // The last one decides; what is below an excluded directory stays excluded.
        Case("*\n!foo", excludes: ["a", "d/foo"], leaves: ["foo", "foo/"]),
        Case("!foo\nfoo", excludes: ["foo"], leaves: []),
        Case("foo\n!foo\nfoo/", excludes: ["foo/"], leaves: ["foo"]),
        Case("*.o\n!a.o\nd/a.o", excludes: ["b.o", "d/a.o"], leaves: ["a.o", "e/a.o"]),
        Case("d/*\n!d/keep", excludes: ["d/a"], leaves: ["d/", "d/keep"]),
        Case("!!a\n*b", excludes: ["ab"], leaves: ["!a"]),
    ]

    static let lineCases = [
        Case("", excludes: [], leaves: ["a"]),
        Case("\n\n \n!\n!/\n", excludes: [], leaves: ["a", " "]),
        Case("#a\n\\#b", excludes: ["#b"], leaves: ["a", "#a"]),
        Case("\\!a", excludes: ["!a"], leaves: ["a"]),
        Case(" #a", excludes: [" #a"], leaves: ["a"]),
        Case("a  \nb\\ \nc\\  \nd e", excludes: ["a", "b ", "c ", "d e"], leaves: ["a ", "b", "c", "c  ", "d"]),
        Case("a\t", excludes: ["a\t"], leaves: ["a"]),
        Case("a\r\nb\r\r\nc\rd\r\n", excludes: ["a", "b\r", "c\rd"], leaves: ["a\r", "b", "d"]),
        Case("a \r\n", excludes: ["a"], leaves: ["a "]),
        Case("\u{FEFF}a\n\u{FEFF}b", excludes: ["a", "\u{FEFF}b"], leaves: ["\u{FEFF}a", "b"]),
        Case("a\0b", excludes: ["a"], leaves: ["b"]),
    ]

    @Test("names are bytes and are never normalised")
    func bytes() throws {
        let composed: [UInt8] = [0xC3, 0xA9]
        let decomposed: [UInt8] = [0x65, 0xCC, 0x81]
        let list = IgnorePatternList(parsing: composed + [0x0A, 0xFF, 0x3F], kind: .ferryignore, label: [])
        let scope = IgnoreRules(defaults: .none, commandLine: list).rootScope()
        #expect(scope.excludes(try RelativePath(validating: composed), isDirectory: false))
        #expect(!scope.excludes(try RelativePath(validating: decomposed), isDirectory: false))
        #expect(scope.excludes(try RelativePath(validating: [0xFF, 0x80]), isDirectory: false))
    }

    @Test("an option's pattern is taken as it is: neither a comment nor trailing spaces")
    func optionText() throws {
        var list = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .commandLine, label: Array("--exclude".utf8))
        for text in ["#a", "b ", "", "/", "!"] { list.append(excluding: text.utf8, origin: origin) }
        list.append(including: "b ".utf8, origin: origin)
        #expect(list.patterns.map(\.description) == ["#a", "b ", "!b "])
        #expect(list.patterns.map(\.isNegated) == [false, false, true])
        let rules = IgnoreRules(defaults: .none, commandLine: list)
        #expect(try isExcluded("#a", by: rules))
        #expect(try !isExcluded("b ", by: rules))
    }

    @Test("a pattern made again from its text is the same pattern")
    func textRoundTrip() {
        let list = IgnorePatternList(
            parsing: Array("a\\  \n!/b/\n\\#c\nd/**/e\n".utf8), kind: .ferryignore, label: Array(".ferryignore".utf8))
        #expect(list.patterns.map(\.origin.line) == [1, 2, 3, 4])
        #expect(list.patterns.map { IgnorePattern($0.text, origin: $0.origin) } == list.patterns)
    }

    private func rules(_ patterns: String) -> IgnoreRules {
        var rules = IgnoreRules(defaults: .none)
        let list = IgnorePatternList(parsing: patterns.utf8, kind: .ferryignore, label: Array(".ferryignore".utf8))
        rules.addDirectoryFile(kind: .ferryignore, directory: [], patterns: list)
        return rules
    }

    private func isExcluded(_ path: String, by rules: IgnoreRules) throws -> Bool {
        let isDirectory = path.hasSuffix("/")
        let path = try RelativePath(validating: path.utf8.prefix(path.utf8.count - (isDirectory ? 1 : 0)))
        return rules.verdict(for: path, isDirectory: isDirectory).isExcluded
    }
}
