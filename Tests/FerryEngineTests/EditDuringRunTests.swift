import FerryCore
import FerryEngine
import FerryFileSystem
import FerryTesting
import Foundation
import Glibc
import Synchronization
import Testing

/// Somebody edits the workspace while results come back, at random moments; nothing of either side is lost.
///
/// `FERRY_EDIT_RUNS` sets how many random runs there are, `FERRY_EDIT_FIRST` the first of their seeds.
@Suite("Edits during a pull")
struct EditDuringRunTests {
    static let seeds: ClosedRange<UInt64> = {
        func number(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) }
        let first = number("FERRY_EDIT_FIRST") ?? 1
        return first...(first + max(1, number("FERRY_EDIT_RUNS") ?? 500) - 1)
    }()

    @Test("random edits of the workspace during pulls survive, and what the sandbox had is there or kept")
    func random() async throws {
        var edits = 0
        for seed in Self.seeds {
            let run = try EditedRun(seed: seed)
            let fault = try await run.fault()
            edits += run.editor.count
            guard let fault else { continue }
            Issue.record("seed \(seed): \(fault)")
            return
        }
        print(
            "edits during a pull: seeds \(Self.seeds.lowerBound) to \(Self.seeds.upperBound), \(edits) edits, none lost"
        )
    }
}

/// A workspace and a sandbox that agreed once, both changed since, and an editor at work in the workspace.
private struct EditedRun {
    let pair: Pair
    let editor: Editor
    private let options: SyncOptions
    private let agreed: Tree
    private let seed: UInt64

    private static let directories = ["", "a/", "a/b/", "c/"]
    static let paths = directories.flatMap { directory in (0..<4).map { "\(directory)f\($0)" } }

    init(seed: UInt64) throws {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        var tree = Tree()
        for directory in ["a", "a/b", "c"] { tree[Self.path(directory)] = TreeEntry(.directory, mode: 0o755) }
        for path in Self.paths where !random.oneIn(4) { tree[Self.path(path)] = Self.file("agreed \(path)") }
        agreed = tree
        pair = try Pair(tree)
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        options.flushes = false
        self.options = options
        editor = Editor(
            workspace: String(decoding: pair.workspace, as: UTF8.self), spare: pair.directory.text + "/spare",
            seed: seed)
    }

    private static func path(_ text: String) -> RelativePath { RelativePath(unchecked: Array(text.utf8)) }

    private static func file(_ text: String) -> TreeEntry {
        TreeEntry(.file(Array(text.utf8), hasHoles: false), mode: 0o644)
    }

    /// Syncs, with edits before and meanwhile; says what was lost.
    func fault() async throws -> String? {
        _ = try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
        var random = SeededGenerator(seed: seed &+ 1_000_000_007)
        let theirs = Editor(
            workspace: String(decoding: pair.sandbox, as: UTF8.self), spare: pair.directory.text + "/spare2",
            seed: random.next())
        for _ in 0..<random.below(8) { theirs.edit("theirs") }
        for _ in 0..<random.below(4) { editor.edit("mine before") }
        let before = try Tree(reading: pair.sandbox)

        editor.start(atMost: 12, pausing: UInt32(1 + random.below(1_500)))
        let failure: SyncError?
        do throws(SyncError) {
            _ = try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
            failure = nil
        } catch {
            failure = error
        }
        editor.stop()
        if let failure, failure.code != .halted { return "the pull failed: \(failure.message)" }
        guard try Tree(reading: pair.sandbox).differences(from: before).isEmpty else {
            return "the pull changed the sandbox"
        }
        if let lost = try lostEdit() { return lost }
        return try await lostResult(theirs)
    }

    /// What the editor did last to each path is what the workspace has.
    private func lostEdit() throws -> String? {
        for (path, edit) in editor.edits {
            let found = content("\(editor.workspace)/\(path)")
            switch edit {
            case .wrote(let text):
                if found != text { return "\(path): the edit '\(text)' is lost, there is '\(found ?? "nothing")'" }
            case .removed where agreed[Self.path(path)] != nil:
                if let found { return "\(path): its removal is undone by '\(found)'" }
            case .removed: continue
            }
        }
        return nil
    }

    /// What the sandbox changed arrives with a pull in peace, or is in the conflict store.
    private func lostResult(_ theirs: Editor) async throws -> String? {
        do throws(SyncError) {
            _ = try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        } catch {
            guard error.code == .halted else { return "the second pull failed: \(error.message)" }
            return nil
        }
        if let lost = try lostEdit() { return "after a second pull, " + lost }
        let stored = try await SyncEngine.conflicts(in: pair.workspace, options: options)
        for (path, edit) in theirs.edits {
            guard case .wrote(let text) = edit, content("\(editor.workspace)/\(path)") != text else { continue }
            // It arrived, and then the editor changed it.
            if editor.replaced.contains(text) { continue }
            let isKept = stored.contains { conflict in
                String(decoding: conflict.path, as: UTF8.self) == path
                    && conflict.place.map { content(String(decoding: $0, as: UTF8.self)) == text } ?? false
            }
            // A file that the workspace had changed or removed stays so.
            if !isKept { return "\(path): the sandbox's '\(text)' is neither there nor kept" }
        }
        return nil
    }

    private func content(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Edits files as editors do, by putting a new one in the place of the old; and remembers what it did last to each path.
private final class Editor: Sendable {
    enum Edit: Sendable {
        case wrote(String)
        case removed
    }

    private struct State {
        var random: SeededGenerator
        var edits: [String: Edit] = [:]
        var replaced: Set<String> = []
        var count = 0
        var isStopped = false
        var isRunning = false
    }

    let workspace: String
    private let spare: String
    private let state: Mutex<State>

    init(workspace: String, spare: String, seed: UInt64) {
        self.workspace = workspace
        self.spare = spare
        state = Mutex(State(random: SeededGenerator(seed: seed &* 31)))
        unsafe mkdir(spare, 0o700)
    }

    var edits: [String: Edit] { state.withLock { $0.edits } }
    var count: Int { state.withLock { $0.count } }
    /// What it found in the files that it replaced or removed.
    var replaced: Set<String> { state.withLock { $0.replaced } }

    /// Makes one random edit.
    func edit(_ who: String) {
        state.withLock { state in
            let path = EditedRun.paths[state.random.below(EditedRun.paths.count)]
            let target = "\(workspace)/\(path)"
            state.count += 1
            let new = "\(spare)/new"
            if state.random.oneIn(4) {
                guard unsafe rename(target, new) == 0 else { return }
                state.replaced.insert(content(new))
                state.edits[path] = .removed
                return
            }
            let text = "\(who) \(state.count) \(state.random.next())"
            guard FileManager.default.createFile(atPath: new, contents: Data(text.utf8)) else { return }
            // In one step, so that what was there is known for certain.
            if exchange(new, target) {
                state.replaced.insert(content(new))
            } else if unsafe link(new, target) != 0 {
                return
            }
            state.edits[path] = .wrote(text)
            unsafe unlink(new)
        }
    }

    private func content(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func exchange(_ new: String, _ target: String) -> Bool {
        let (from, to) = (URL(filePath: new), URL(filePath: target))
        do {
            let other = try DirectoryHandle(path: Array(to.deletingLastPathComponent().path.utf8))
            let directory = try DirectoryHandle(path: Array(from.deletingLastPathComponent().path.utf8))
            try directory.exchange(
                TerminatedName(Array(from.lastPathComponent.utf8)), with: other,
                TerminatedName(Array(to.lastPathComponent.utf8)))
            return true
        } catch {
            return false
        }
    }

    /// Edits from a thread of its own, with pauses of so many microseconds at most.
    func start(atMost limit: Int, pausing pause: UInt32) {
        state.withLock { $0.isRunning = true }
        Thread.detachNewThread { [self] in
            for _ in 0..<limit where !state.withLock({ $0.isStopped }) {
                usleep(state.withLock { UInt32($0.random.below(Int(pause) + 1)) })
                edit("mine meanwhile")
            }
            state.withLock { $0.isRunning = false }
        }
    }

    /// Ends the edits, and waits until they have ended.
    func stop() {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.isRunning }) { usleep(200) }
    }
}
