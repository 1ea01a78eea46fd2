import FerryCore
import Testing

@Suite("Preserve patterns")
struct IgnorePreserveTests {
    @Test(
        "a pattern protects what it matches and all below it",
        arguments: [
            ("node_modules", "pkg/node_modules", true), ("node_modules", "pkg/node_modules/a/b", true),
            ("node_modules", "pkg/node_modules2", false), ("cfg/secret.json", "cfg/secret.json", true),
            ("cfg/secret.json", "cfg/other.json", false), ("cfg/secret.json", "pkg/cfg/secret.json", false),
            ("/cache/", "cache/x", true), ("/cache/", "cache", false), ("/cache/", "pkg/cache/x", false),
            ("*.db", "data/a.db", true), ("**/keep/*", "a/keep/b/c", true), ("a\n!a", "a", false),
            ("*\n!a", "a", false), ("d\n!x", "d/x", true),
        ])
    func protection(patterns: String, path: String, isProtected: Bool) throws {
        let preserve = self.preserve(patterns)
        #expect(preserve.protects(try RelativePath(validating: path.utf8), isDirectory: false) == isProtected)
    }

    @Test(
        "a pattern also protects the entry that has the pattern's text as its name",
        arguments: [
            ("report[1].csv", "report[1].csv", true), ("report[1].csv", "out/report[1].csv", true),
            ("report[1].csv", "report1.csv", true), ("report[1].csv", "report2.csv", false),
            ("report\\[1].csv", "report[1].csv", true), ("report\\[1].csv", "report1.csv", false),
            ("out/a[b].c", "out/a[b].c", true), ("out/a[b].c", "x/out/a[b].c", false), ("[x", "[x", true),
            ("!important", "!important", true), ("!important", "important", false), ("a\\", "a\\", true),
            ("#notes#", "#notes#", true), ("report[1].csv\n!report[1].csv", "report1.csv", false),
        ])
    func literalName(patterns: String, path: String, isProtected: Bool) throws {
        let preserve = self.preserve(patterns)
        #expect(preserve.protects(try RelativePath(validating: path.utf8), isDirectory: false) == isProtected)
    }

    @Test("what holds a protected entry is protected as well, as far as that entry exists")
    func ancestors() throws {
        let tree = try [
            ("cfg", true), ("cfg/secret.json", false), ("cfg/other.json", false), ("a", true), ("a/b", true),
            ("a/b/node_modules", true), ("a/b/node_modules/x", true), ("a/c", true), ("empty", true),
            ("secret.json", false),
        ].map { (path: try RelativePath(validating: $0.0.utf8), isDirectory: $0.1) }
        let kept = PreservedPaths(preserve("cfg/secret.json\nnode_modules/\nempty/secret"), in: tree)
        let expected: Set = ["cfg", "cfg/secret.json", "a", "a/b", "a/b/node_modules", "a/b/node_modules/x"]
        #expect(Set(tree.map(\.path).filter(kept.contains).map(\.description)) == expected)
        #expect(PreservedPaths(preserve(""), in: tree).isEmpty)
    }

    private func preserve(_ patterns: String) -> PreservePatterns {
        var list = IgnorePatternList()
        for pattern in patterns.split(separator: "\n") {
            list.append(
                excluding: pattern.utf8,
                origin: IgnoreOrigin(kind: .commandLine, label: Array("--preserve-absent".utf8)))
        }
        return PreservePatterns(list)
    }
}
