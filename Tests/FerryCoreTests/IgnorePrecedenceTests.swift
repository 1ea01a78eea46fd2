import FerryCore
import Testing

@Suite("Precedence of ignore rules")
struct IgnorePrecedenceTests {
    @Test("the defaults leave out what macOS adds, can be taken back by a pattern and can be turned off")
    func defaults() throws {
        let rules = IgnoreRules()
        for name in ["._a", "d/._", ".DS_Store", "d/.DS_Store"] { #expect(try isExcluded(name, rules)) }
        for name in ["DS_Store", ".DS_Store2", ".a", "node_modules", "dist"] { #expect(try !isExcluded(name, rules)) }
        #expect(try !isExcluded(".DS_Store", IgnoreRules(commandLine: list("!.DS_Store", .commandLine))))
        let none = IgnoreRules(defaults: .none)
        #expect(none.isEmpty && none.rootScope().isEmpty && !rules.isEmpty)
        #expect(try !isExcluded("._a", none))
    }

    @Test("each source decides over the weaker ones, wherever their files are")
    func sources() throws {
        let kinds = IgnoreOrigin.Kind.allCases
        for stronger in kinds.indices {
            for weaker in kinds[..<stronger] where weaker != .builtIn {
                // The weaker file is deeper, which must not help it.
                let rules = rules(
                    (kinds[stronger], "", "!x"), (weaker, weaker < .configuration ? "d" : "", "x"))
                #expect(try !isExcluded("d/x", rules), "\(kinds[stronger]) over \(weaker)")
                let reversed = self.rules(
                    (kinds[stronger], "", "x"), (weaker, weaker < .configuration ? "d" : "", "!x"))
                #expect(try isExcluded("d/x", reversed), "\(kinds[stronger]) over \(weaker)")
            }
        }
    }

    @Test("of the files of one kind the deeper one decides, and only below its directory")
    func depth() throws {
        let rules = rules((.gitignore, "a/b", "!x\n/y"), (.gitignore, "", "x"), (.gitignore, "a", "z/w"))
        #expect(try isExcluded("x", rules))
        #expect(try isExcluded("a/x", rules))
        #expect(try !isExcluded("a/b/x", rules))
        #expect(try !isExcluded("a/b/c/x", rules))
        #expect(try isExcluded("a/b/y", rules))
        #expect(try !isExcluded("a/y", rules))
        #expect(try !isExcluded("a/b/c/y", rules))
        #expect(try isExcluded("a/z/w", rules))
        #expect(try !isExcluded("z/w", rules))
    }

    @Test("options count in the order given")
    func optionOrder() throws {
        var options = list("*.log", .commandLine)
        options.append(
            including: "keep.log".utf8, origin: IgnoreOrigin(kind: .commandLine, label: Array("--include".utf8)))
        options.append(parsing: "old/keep.log\n".utf8, kind: .commandLine, label: Array("list".utf8))
        let rules = IgnoreRules(commandLine: options)
        #expect(try isExcluded("a.log", rules))
        #expect(try !isExcluded("keep.log", rules))
        #expect(try isExcluded("old/keep.log", rules))
    }

    @Test("nothing brings back what lies below an excluded directory")
    func belowExcluded() throws {
        var rules = IgnoreRules(commandLine: list("!d/x", .commandLine))
        rules.addDirectoryFile(kind: .ferryignore, directory: [], patterns: list("d/", .ferryignore))
        rules.addDirectoryFile(kind: .ferryignore, directory: Array("d".utf8), patterns: list("!x", .ferryignore))
        let path = try RelativePath(validating: "d/x".utf8)
        guard case .excluded(let pattern) = rules.verdict(for: path, isDirectory: false) else {
            Issue.record("not excluded")
            return
        }
        #expect(pattern.description == "d/" && pattern.origin.kind == .ferryignore)
        #expect(!rules.verdict(for: try RelativePath(validating: "d".utf8), isDirectory: false).isExcluded)
    }

    @Test("a verdict names the source, the line and the pattern")
    func verdict() throws {
        var rules = IgnoreRules()
        let content = "# comment\n\n*.o\n!keep.o\n"
        rules.addDirectoryFile(
            kind: .ferryignore, directory: Array("d".utf8),
            patterns: IgnorePatternList(parsing: content.utf8, kind: .ferryignore, label: Array("d/.ferryignore".utf8)))
        func text(_ path: String) throws -> String {
            switch rules.verdict(for: try RelativePath(validating: path.utf8), isDirectory: false) {
            case .undecided: "undecided"
            case .excluded(let pattern): "excluded \(pattern.origin) \(pattern)"
            case .included(let pattern): "included \(pattern.origin) \(pattern)"
            }
        }
        #expect(try text("d/a.o") == "excluded d/.ferryignore:3 *.o")
        #expect(try text("d/keep.o") == "included d/.ferryignore:4 !keep.o")
        #expect(try text("a.o") == "undecided")
        #expect(try text("a/._b") == "excluded built-in default ._*")
    }

    @Test("files found during a walk count as if they had been known before")
    func discoveredFiles() throws {
        let root = list("*.o\n!x.o", .ferryignore)
        let inner = list("x.o\n!y.o", .ferryignore)
        let known = rules((.ferryignore, "", "*.o\n!x.o"), (.ferryignore, "d/e", "x.o\n!y.o")).rootScope()
        let empty = IgnoreRules().rootScope()
        let found = empty.child(at: [], adding: [(.ferryignore, root)])
        let scopes = [
            (known, found),
            (known.child(at: "d".utf8), found.child(at: "d".utf8, adding: [])),
            (
                known.child(at: "d".utf8).child(at: "d/e".utf8),
                found.child(at: "d".utf8).child(at: "d/e".utf8, adding: [(.ferryignore, inner)])
            ),
        ]
        for (scope, prefix) in zip(scopes, ["", "d/", "d/e/"]) {
            for name in ["x.o", "y.o", "z.o", "._z", "z"] {
                let path = try RelativePath(validating: (prefix + name).utf8)
                #expect(
                    scope.0.verdict(for: path, isDirectory: false).isExcluded
                        == scope.1.excludes(path, isDirectory: false), "\(path)")
            }
        }
        #expect(try scopes[2].1.excludes(RelativePath(validating: "d/e/x.o".utf8), isDirectory: false))
        #expect(try !scopes[2].1.excludes(RelativePath(validating: "d/e/y.o".utf8), isDirectory: false))
    }

    @Test("a walk gives the same answers in any order of the paths")
    func walkOrder() throws {
        let rules = rules((.ferryignore, "", "b/\n*.o"), (.ferryignore, "a/c", "!x.o"), (.ferryignore, "b", "!x.o"))
        let paths = [
            "a", "a/x.o", "a/c", "a/c/x.o", "a/cc/x.o", "a/c.o/y", "b/x", "b/c/x.o", "bb/x.o", "x.o", "a/c/d/x.o",
        ]
        for _ in 0..<20 {
            var walk = IgnoreWalk(rules)
            for path in paths.shuffled() + paths {
                let path = try RelativePath(validating: path.utf8)
                #expect(
                    walk.excludes(path, isDirectory: false) == rules.verdict(for: path, isDirectory: false).isExcluded,
                    "\(path)")
            }
        }
    }

    private func list(_ text: String, _ kind: IgnoreOrigin.Kind) -> IgnorePatternList {
        IgnorePatternList(parsing: text.utf8, kind: kind, label: Array("\(kind)".utf8))
    }

    private func rules(_ sources: (kind: IgnoreOrigin.Kind, directory: String, text: String)...) -> IgnoreRules {
        func explicit(_ kind: IgnoreOrigin.Kind) -> IgnorePatternList {
            sources.first { $0.kind == kind }.map { list($0.text, kind) } ?? IgnorePatternList()
        }
        var rules = IgnoreRules(configuration: explicit(.configuration), commandLine: explicit(.commandLine))
        for source in sources where source.kind < .configuration {
            rules.addDirectoryFile(
                kind: source.kind, directory: Array(source.directory.utf8), patterns: list(source.text, source.kind))
        }
        return rules
    }

    private func isExcluded(_ path: String, _ rules: IgnoreRules) throws -> Bool {
        rules.verdict(for: try RelativePath(validating: path.utf8), isDirectory: false).isExcluded
    }
}
