import FerryCore
import FerryTesting
import Testing

@Suite("Plans for a way that cannot remove")
struct RemovalTests {
    /// A tree of directories (a slash at the end) and files.
    private func tree(_ paths: [String]) throws -> Snapshot {
        var builder = TreeBuilder()
        for text in paths {
            let isDirectory = text.hasSuffix("/")
            let path = try RelativePath(validating: Array(text.utf8.prefix(isDirectory ? text.utf8.count - 1 : .max)))
            let status = EntryStatus(
                kind: isDirectory ? .directory : .file, mode: 0o755, size: isDirectory ? 0 : Int64(text.utf8.count))
            _ = try builder.insert(path, status: status) { _ in }
        }
        return builder.finish()
    }

    @Test("deletions and changes of kind from or to a directory are withdrawn and told once, the rest stays")
    func removals() throws {
        var plan = Planner.plan(
            source: try tree(["new", "now/", "now/in", "was"]),
            destination: try tree(["gone/", "gone/a", "gone/b/", "gone/b/c", "now", "was/", "was/in", "z"]),
            policy: PlanPolicy(differing: .replace, extra: .delete))
        plan.blockRemovals(because: "no way")
        let summary = plan.summary()
        #expect(summary.created == 1 && summary.deleted == 0 && summary.updated == 0)
        #expect(plan.problems.map { String(decoding: $0.path, as: UTF8.self) } == ["gone", "now", "was", "z"])
        #expect(plan.problems.allSatisfy { $0.code == .unwritable && $0.message.hasSuffix(": no way") })
    }
}
