import FerryCore
import FerryTesting
import FerryThreads
import Testing

@testable import FerryFileSystem

/// Merges with a baseline, carried out by what writes to disk: the plan's promises must hold for real trees too.
@Suite("Merges on disk")
struct MergeOnDiskTests {
    /// A workspace and a directory sandbox with what they agreed on.
    private final class Pair {
        let directory: TemporaryDirectory
        let workspace: OpenDirectory
        let sandbox: OpenDirectory
        let state: [UInt8]
        var baseline: Baseline?
        var problems: [Problem] = []
        var kept = Tree()

        init(_ tree: Tree) throws {
            directory = try TemporaryDirectory()
            workspace = try RootDirectory.open(try directory.directory("workspace", tree))
            sandbox = try RootDirectory.open(try directory.directory("sandbox"))
            state = try directory.directory("state")
        }

        var workspacePath: [UInt8] { directory.path("workspace") }
        var sandboxPath: [UInt8] { directory.path("sandbox") }

        private func scan(_ root: OpenDirectory) throws -> Snapshot {
            try TreeScanner.scan(root, options: ScanOptions(rules: IgnoreRules(defaults: .none), threads: 1)).snapshot
        }

        func plan(_ merge: PlanPolicy.Merge, _ differing: PlanPolicy.Differing = .keep) throws -> Plan {
            let (source, destination) = merge == .pull ? (sandbox, workspace) : (workspace, sandbox)
            var plan = Planner.plan(
                source: try scan(source), destination: try scan(destination),
                policy: PlanPolicy(differing: merge == .push ? .replace : differing, extra: .delete, merge: merge),
                base: baseline)
            let comparison = try ContentComparer.compare(
                plan, from: source, to: destination, threads: 1, cancellation: CancellationFlag(),
                progress: TransferProgress())
            plan.settle(equal: comparison.equal)
            return plan
        }

        @discardableResult
        func push() throws -> Plan {
            let plan = try plan(.push)
            problems = TreeRemover.remove(
                plan, in: sandbox, phase: .beforeCopy, cancellation: CancellationFlag())
            let result = TreeCopier.copy(
                plan, from: workspace, to: sandbox, options: CopyOptions(purpose: .inPlace, threads: 1))
            problems += result.problems
            problems += TreeRemover.remove(
                plan, in: sandbox, phase: .afterCopy, cancellation: CancellationFlag())
            problems += DirectoryFinisher.finish(plan, in: sandbox, setsAllModes: result.setsModes)
            try advance(plan, source: workspace, destination: sandbox)
            return plan
        }

        @discardableResult
        func pull(_ differing: PlanPolicy.Differing = .keep) throws -> Plan {
            let plan = try plan(.pull, differing)
            let area = try StagingArea(for: workspace, stateDirectory: state)
            defer { area.discard() }
            let copied = TreeCopier.copy(
                plan, from: sandbox, to: area.tree, options: CopyOptions(purpose: .staging, threads: 1))
            problems = copied.problems
            #expect(copied.failure == nil)
            let withheld = WithheldEntries.take(plan, from: area.tree, to: area.kept)
            #expect(withheld.failure == nil)
            let store = try RootDirectory.open(try directory.directory("kept"))
            #expect(try area.moveKept(to: store, as: area.uniqueName))
            kept = try Tree(reading: directory.path("kept") + [RelativePath.separator] + area.uniqueName.bytes)
            let runArea = try area.runArea()
            let run = RunID.now()
            var journal = PlanJournal(
                of: plan, from: area.tree, to: workspace, owner: nil, setsModes: copied.setsModes)
            var writer = try runArea.makeJournal(of: run, parentsFirst: false)
            try journal.write(to: &writer)
            try writer.finish(flushes: false)
            var runner = JournalRunner(try runArea.journal(of: run), area: runArea, workspace: workspace)
            try runner.apply(flushes: false)
            problems += journal.problems + runner.problems
            try advance(plan, source: sandbox, destination: workspace)
            return plan
        }

        /// Waits until nothing is racy, as a sync does before it looks at what it wrote.
        private func advance(_ plan: Plan, source: OpenDirectory, destination: OpenDirectory) throws {
            try RacyWait.pass(in: directory)
            let stamp = ScanStamp(start: try RacyWait.now(in: directory))
            baseline = Baseline.advanced(
                from: baseline, by: plan,
                applied: AppliedState(
                    source: try scan(source), destination: try scan(destination), sourceStamp: stamp,
                    destinationStamp: stamp), header: BaselineHeader())
        }
    }

    private func work(_ plan: Plan) -> [String] {
        plan.orderedSteps.filter { ![.descend, .unchanged].contains($0.action) }
            .map { "\($0.action) \(displayName(of: plan.path(of: $0)))" }
    }

    @Test("a pull puts what conflicts into the store, whole directories too, and everything else into the workspace")
    func conflicts() throws {
        let pair = try Pair([
            "file": .file("base"), "gone": .directory(["old": .file("old")]),
            "mode": .directory(["x": .file("x")], mode: 0o755),
            "same": .file("same"),
        ])
        try pair.push()
        #expect(pair.problems.isEmpty)
        // A file that became a directory there and was edited here; a deleted directory with an edit and something new in it;
        // a directory whose mode both changed, with something new in it.
        let local = try DirectoryEdits(pair.workspacePath)
        try local.write("file", "edited here")
        try local.remove("gone/old")
        try local.remove("gone")
        try local.setMode("mode", 0o700)
        let remote = try DirectoryEdits(pair.sandboxPath)
        try remote.remove("file")
        try remote.makeDirectory("file")
        try remote.write("file/deep", "from there")
        try remote.write("gone/old", "changed there")
        try remote.setMode("mode", 0o711)
        try remote.write("mode/new", "new")
        let plan = try pair.pull()
        #expect(
            work(plan) == [
                "conflict file", "conflict file/deep", "conflict gone/old", "conflict mode", "create mode/new",
            ])
        #expect(pair.problems.isEmpty, "\(pair.problems)")
        let found = try Tree(reading: pair.workspacePath)
        #expect(found.paths.map(\.description) == ["file", "mode", "mode/new", "mode/x", "same"])
        #expect(found["file"]?.content == Array("edited here".utf8) && found["mode"]?.mode == 0o700)
        #expect(pair.kept["file/deep"]?.content == Array("from there".utf8))
        #expect(pair.kept["gone/old"]?.content == Array("changed there".utf8))
        #expect(work(try pair.plan(.pull)).isEmpty)
        // And a push settles all of it.
        let push = try pair.push()
        #expect(push.summary().overwritesUnpulled == 0 && pair.problems.isEmpty, "\(pair.problems)")
        let differences = try Tree(reading: pair.sandboxPath).differences(from: found, aspects: [.modes, .hardLinks])
        #expect(differences.isEmpty, "\(differences)")
        #expect(work(try pair.plan(.pull)).isEmpty)
    }

    @Test("random trees: no trouble, nothing left to do, and both sides equal in the end", arguments: UInt64(1)...25)
    func random(seed: UInt64) throws {
        let random = RandomTree(seed: seed)
        let pair = try Pair(random.make())
        try pair.push()
        #expect(pair.problems.isEmpty, "\(pair.problems)")
        let unchanged = work(try pair.plan(.push)) + work(try pair.plan(.pull))
        #expect(unchanged.isEmpty, "without a change: \(unchanged)")
        // Each side becomes something else.
        for (number, path) in [pair.workspacePath, pair.sandboxPath].enumerated() {
            let before = try Tree(reading: path)
            try DirectoryEdits(path).clear()
            try RandomTree(seed: seed + 1000 * UInt64(number + 1)).variant(of: before).write(into: path)
        }
        try pair.pull()
        #expect(pair.problems.isEmpty, "\(pair.problems)")
        let again = work(try pair.plan(.pull))
        #expect(again.isEmpty, "the second pull: \(again)")
        let push = try pair.push()
        #expect(push.summary().overwritesUnpulled == 0 && pair.problems.isEmpty, "\(work(push)), \(pair.problems)")
        let differences = try Tree(reading: pair.sandboxPath).differences(
            from: try Tree(reading: pair.workspacePath), aspects: [.modes])
        #expect(differences.isEmpty, "\(differences)")
        let last = work(try pair.plan(.pull)) + work(try pair.plan(.push))
        #expect(last.isEmpty, "in the end: \(last)")
    }
}
