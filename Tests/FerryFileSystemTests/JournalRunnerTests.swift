import FerryCore
import FerryTesting
import FerryThreads
import SystemPackage
import TestSupport
import Testing

@testable import FerryFileSystem

/// What becomes of edits that fall into a run: each test stops somewhere in the middle, as a kill would.
@Suite("Taking back a run")
struct JournalRunnerTests {
    /// A workspace and an area side by side.
    private struct Place {
        let scratch: TemporaryDirectory
        let workspace: OpenDirectory
        let area: RunArea
        let run = RunID.now()

        init(_ workspace: Tree, staged: Tree = [:]) throws {
            scratch = try TemporaryDirectory()
            self.workspace = try RootDirectory.open(try scratch.directory("workspace", workspace))
            try scratch.directory("area", ["aside": .directory()])
            try scratch.directory("area/tree", staged)
            area = try RunArea(try TerminatedName(Array("area".utf8)), in: try RootDirectory.open(scratch.path))
        }

        func state(_ path: String, isWhole: Bool = false) throws -> EntryState {
            let directory = try RootDirectory.open(
                scratch.path(path.split(separator: "/").dropLast().joined(separator: "/")))
            let name = try TerminatedName(Array((path.split(separator: "/").last ?? "").utf8))
            return EntryState(try directory.handle.status(of: name), isWhole: isWhole)
        }

        /// Writes a journal of changes in the root.
        func journal(_ operations: [JournalOperation]) throws -> JournalFile {
            var writer = try area.makeJournal(of: run, parentsFirst: false, nextSlot: 8)
            var root = JournalDirectory(path: [])
            root.operations = operations
            try writer.append(root)
            try writer.finish(flushes: false)
            let journal = try area.journal(of: run)
            StampClock.pass(journal.stamp)
            return journal
        }

        var tree: Tree { get throws { try Tree(reading: scratch.path("workspace")) } }

        func shell(_ script: String) throws {
            let path = String(decoding: scratch.path, as: UTF8.self)
            try #require(try Tool.run("/bin/sh", ["-c", script], directory: path).status == 0)
        }
    }

    private static let name = TerminatedName(unchecked: ArraySlice(Array("f".utf8) + [0]))

    @Test("an edit that was swapped out a moment before the kill goes back into the workspace")
    func editInTheSlot() throws {
        let place = try Place(["f": .file("old")], staged: ["f": .file("new")])
        let journal = try place.journal([
            JournalOperation(
                .exchange, Self.name, slot: .tree, old: try place.state("workspace/f"),
                new: try place.state("area/tree/f"))
        ])
        // An editor replaces the file; the run swaps it out, and is killed before it has looked.
        try place.shell("echo edit >e && mv e workspace/f")
        try place.area.tree.handle.exchange(Self.name, with: place.workspace.handle, Self.name)
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.rollBack(flushes: false)
        #expect(try place.tree["f"]?.content == Array("edit\n".utf8))
        #expect(runner.problems.isEmpty && !runner.holdsEdits)
    }

    @Test(
        "a file that was put back is known by its new ctime; one that was not moved, or is not what it was, is left out",
        arguments: [("", 1), ("echo edit >e && mv e workspace/f", 0), ("echo longer >>area/tree/f", 0)])
    func returned(edit: String, count: Int) throws {
        let place = try Place(["f": .file("old"), "g": .file("g")], staged: ["f": .file("new"), "g": .file("h")])
        func status(_ name: TerminatedName) throws -> EntryStatus { try place.workspace.handle.status(of: name) }
        let other = try TerminatedName(Array("g".utf8))
        let before = try status(Self.name)
        var operations = [
            JournalOperation(
                .exchange, Self.name, slot: .tree, old: try place.state("workspace/f"),
                new: try place.state("area/tree/f")),
            JournalOperation(
                .exchange, other, slot: .tree, old: try place.state("workspace/g"),
                new: try place.state("area/tree/g")),
        ]
        operations[0].oldChange = before.ctime
        operations[1].oldChange = try status(other).ctime
        let journal = try place.journal(operations)
        // Killed after the first of the two.
        if !edit.contains("area") { try place.shell(edit.isEmpty ? ":" : edit) }
        try place.area.tree.handle.exchange(Self.name, with: place.workspace.handle, Self.name)
        if edit.contains("area") { try place.shell(edit) }
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.rollBack(flushes: false)
        let prints = runner.returnedFingerprints()
        #expect(prints.count == count)
        if let (old, new) = prints.first {
            let now = try status(Self.name)
            #expect(old.ctime == before.ctime && new.ctime == now.ctime && old.ctime < new.ctime)
            #expect(old.inode == before.inode && new.inode == now.inode && old.mtime == new.mtime)
        }
    }

    @Test(
        "a file that a killed roll-back had put back is known by its new ctime to the next, unless somebody touched it since",
        arguments: [("", 1), ("touch -r f s && printf OLD >f && touch -r s f", 0), ("echo longer >>f", 0)])
    func returnedBefore(edit: String, count: Int) throws {
        let place = try Place(["f": .file("old")], staged: ["f": .file("new")])
        let before = try place.workspace.handle.status(of: Self.name)
        var operation = JournalOperation(
            .exchange, Self.name, slot: .tree, old: try place.state("workspace/f"),
            new: try place.state("area/tree/f"))
        operation.oldChange = before.ctime
        let journal = try place.journal([operation])
        try place.area.tree.handle.exchange(Self.name, with: place.workspace.handle, Self.name)
        var killed = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try killed.rollBack(flushes: false)
        if !edit.isEmpty { try place.shell("cd workspace && sleep 0.02 && " + edit) }
        // Nothing is left to do for this one, but to tell.
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.rollBack(flushes: false)
        let prints = runner.returnedFingerprints()
        #expect(prints.count == count)
        if let (old, new) = prints.first {
            #expect(old.ctime == before.ctime)
            #expect(try new.ctime == place.workspace.handle.status(of: Self.name).ctime)
        }
    }

    @Test("of edits that come one upon the other while a run gives the first its place again, the last one stays")
    func editsUponEdits() async throws {
        for round in 1...150 {
            let (place, journal) = try Self.replacement()
            let container = try RootDirectory.open(place.scratch.path)
            let workspace = place.workspace
            async let edits: Void = BlockingThread.run(named: "editor") {
                let spare = try TerminatedName(Array("spare".utf8))
                for number in 1...12 {
                    let file = try container.handle.createFile(spare, mode: 0o644)
                    try file.write(Array("edit \(number)".utf8).span)
                    try container.handle.exchange(spare, with: workspace.handle, Self.name)
                    try container.handle.removeFile(spare)
                }
            }
            try await BlockingThread.run(named: "run") {
                var runner = JournalRunner(journal, area: place.area, workspace: workspace)
                try runner.apply(flushes: false)
            }
            try await edits
            #expect(try place.tree["f"]?.content == Array("edit 12".utf8), "round \(round)")
        }
    }

    @Test("a file that is removed and made anew while a run replaces it does not end the run, and stays as made last")
    func removedAndMadeAnew() async throws {
        for round in 1...150 {
            let (place, journal) = try Self.replacement()
            let workspace = place.workspace
            async let edits: Void = BlockingThread.run(named: "editor") {
                for number in 1...12 { try Self.replace(by: "edit \(number)", in: workspace) }
            }
            try await BlockingThread.run(named: "run") {
                var runner = JournalRunner(journal, area: place.area, workspace: workspace)
                try runner.apply(flushes: false)
            }
            try await edits
            #expect(try place.tree["f"]?.content == Array("edit 12".utf8), "round \(round)")
        }
    }

    /// A run that replaces one file.
    private static func replacement() throws -> (place: Place, journal: JournalFile) {
        let place = try Place(["f": .file("old")], staged: ["f": .file("new")])
        let operation = JournalOperation(
            .exchange, name, slot: .tree, old: try place.state("workspace/f"), new: try place.state("area/tree/f"))
        return (place, try place.journal([operation]))
    }

    /// Removes the file and makes it anew, as editors do that know no rename.
    private static func replace(by text: String, in workspace: OpenDirectory) throws {
        while true {
            do throws(Errno) {
                try workspace.handle.removeFile(name)
                try workspace.handle.createFile(name, mode: 0o644).write(Array(text.utf8).span)
                return
            } catch .fileExists, .noSuchFileOrDirectory {
                // The run was at it: it has put one version into the place of another.
                continue
            }
        }
    }

    @Test("an edit of what the run had written stays, and what was replaced is not thrown away")
    func editOfTheNew() throws {
        let place = try Place(["f": .file("old")], staged: ["f": .file("new")])
        let journal = try place.journal([
            JournalOperation(
                .exchange, Self.name, slot: .tree, old: try place.state("workspace/f"),
                new: try place.state("area/tree/f"))
        ])
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.apply(flushes: false)
        #expect(try place.tree["f"]?.content == Array("new".utf8))
        try place.shell("echo more >>workspace/f")
        try runner.rollBack(flushes: false)
        #expect(try place.tree["f"]?.content == Array("newmore\n".utf8))
        #expect(runner.holdsEdits && runner.problems.map(\.path) == [Array("f".utf8)])
    }

    @Test(
        "a new directory in which somebody wrote stays",
        arguments: [
            "touch workspace/f/in/more", "echo x >>workspace/f/in/a", "rm workspace/f/in/a", "touch workspace/f/b",
        ])
    func editInNewDirectory(edit: String) throws {
        let place = try Place([:], staged: ["f/in/a": .file("a")])
        let journal = try place.journal([
            JournalOperation(.bring, Self.name, slot: .tree, new: try place.state("area/tree/f", isWhole: true))
        ])
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.apply(flushes: false)
        try place.shell(edit)
        let edited = try place.tree
        try runner.rollBack(flushes: false)
        #expect(try place.tree.differences(from: edited, aspects: .content).isEmpty && runner.problems.count == 1)
    }

    @Test("a new directory that nobody touched goes back, however often it is tried")
    func untouchedDirectory() throws {
        let place = try Place([:], staged: ["f/in/a": .file("a"), "f/b": .file("b", mode: 0o444)])
        let journal = try place.journal([
            JournalOperation(.bring, Self.name, slot: .tree, new: try place.state("area/tree/f", isWhole: true))
        ])
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.apply(flushes: false)
        for _ in 0..<3 { try runner.rollBack(flushes: false) }
        #expect(try place.tree.entries.isEmpty && runner.problems.isEmpty)
    }

    @Test("what somebody made in the place of a deleted entry stays, and the deleted one is kept")
    func madeAgain() throws {
        let place = try Place(["f": .file("old")])
        let journal = try place.journal([
            JournalOperation(.take, Self.name, slot: .aside(0), old: try place.state("workspace/f"))
        ])
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.apply(flushes: false)
        try place.shell("echo mine >workspace/f")
        try runner.rollBack(flushes: false)
        #expect(try place.tree["f"]?.content == Array("mine\n".utf8) && runner.holdsEdits)
    }

    @Test("a file that changed after the plan is neither replaced nor deleted", arguments: [true, false])
    func changedBefore(isReplaced: Bool) throws {
        let place = try Place(["f": .file("old")], staged: ["f": .file("new")])
        let (old, new) = (try place.state("workspace/f"), try place.state("area/tree/f"))
        let journal = try place.journal([
            isReplaced
                ? JournalOperation(.exchange, Self.name, slot: .tree, old: old, new: new)
                : JournalOperation(.take, Self.name, slot: .aside(0), old: old)
        ])
        try place.shell("echo edit >>workspace/f")
        var runner = JournalRunner(journal, area: place.area, workspace: place.workspace)
        try runner.apply(flushes: false)
        #expect(try place.tree["f"]?.content == Array("oldedit\n".utf8))
        #expect(runner.problems.map(\.code) == [.protected])
    }
}
