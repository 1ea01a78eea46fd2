import FerryCore
import Testing

@Suite("Ignore rules at scale", .timeLimit(.minutes(1)))
struct IgnoreScaleTests {
    @Test("with 100,000 patterns the last match still decides")
    func manyPatterns() throws {
        var list = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .commandLine, label: [])
        // Each text comes about twice, every third time negated; the model remembers the last one.
        var model: [String: Bool] = [:]
        for index in 0..<100_000 {
            let number = index * 7919 % 50_000
            let text = ["name\(number)", "d/path\(number).c", "*.ext\(number)", "/top\(number)"][number % 4]
            let isNegated = index % 3 == 0
            list.append(excluding: (isNegated ? "!" + text : text).utf8, origin: origin)
            model[text] = !isNegated
        }
        #expect(list.patterns.count == 100_000)
        let scope = IgnoreRules(defaults: .none, commandLine: list).rootScope()
        for number in stride(from: 0, to: 60_000, by: 7) {
            let text = ["name\(number)", "d/path\(number).c", "*.ext\(number)", "/top\(number)"][number % 4]
            let path = text.replacing("*", with: "file").drop { $0 == "/" }
            #expect(
                scope.excludes(try RelativePath(validating: path.utf8), isDirectory: false)
                    == model[text, default: false])
        }
    }

    @Test("a wildcard between literals decides over those before it and not over those behind it")
    func mixedOrder() throws {
        var list = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .commandLine, label: [])
        for text in ["a1.c", "*.c", "!a*", "a2.c", "!d/a3.*", "d/a4.c", "!**/d/*4.c", "*3.c/"] {
            list.append(excluding: text.utf8, origin: origin)
        }
        let scope = IgnoreRules(defaults: .none, commandLine: list).rootScope()
        let expected = [
            ("a1.c", false), ("b1.c", true), ("a2.c", true), ("d/a2.c", true), ("d/a3.c", false), ("d/b3.c", true),
            ("d/a4.c", false), ("a4.c", false), ("b", false),
        ]
        for (path, isExcluded) in expected {
            #expect(
                scope.excludes(try RelativePath(validating: path.utf8), isDirectory: false) == isExcluded, "\(path)")
        }
        #expect(scope.excludes(try RelativePath(validating: "d/a3.c".utf8), isDirectory: true))
    }

    @Test(
        "a pattern made to backtrack takes no longer than its length times the path's",
        arguments: [
            String(repeating: "a*", count: 60) + "b", String(repeating: "a*", count: 60) + "b*a",
            "**/" + String(repeating: "a*", count: 60) + "b*a", String(repeating: "**/a*/", count: 60) + "b/a*",
            "**/" + String(repeating: "[a-z]*a?*", count: 40) + "/b/**/*a",
            String(repeating: "**/*a*", count: 40) + "b*a",
            String(repeating: "/**/?*", count: 30) + "/b*/**/a*",
        ])
    func backtracking(pattern: String) throws {
        var list = IgnorePatternList()
        list.append(excluding: pattern.utf8, origin: IgnoreOrigin(kind: .commandLine, label: []))
        let scope = IgnoreRules(defaults: .none, commandLine: list).rootScope()
        let component = String(repeating: "a", count: 250)
        for path in [component, Array(repeating: component, count: 16).joined(separator: "/"), "x" + component] {
            #expect(!scope.excludes(try RelativePath(validating: path.utf8), isDirectory: false))
        }
        // So that the test would notice a matcher that gives up.
        let rest = IgnoreRules(defaults: .none, commandLine: deepPattern()).rootScope()
        let deep = Array(repeating: component, count: 16).joined(separator: "/") + "/b"
        #expect(rest.excludes(try RelativePath(validating: deep.utf8), isDirectory: false))
    }

    private func deepPattern() -> IgnorePatternList {
        var list = IgnorePatternList()
        let text = String(repeating: "**/a*a*a*/", count: 16) + "*b*"
        list.append(excluding: text.utf8, origin: IgnoreOrigin(kind: .commandLine, label: []))
        return list
    }
}
