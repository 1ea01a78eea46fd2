import FerryCore
import FerryEngine
import FerryTesting
import FerryTransport
import Synchronization
import TestSupport
import Testing

/// A workspace and a sandbox that were synced once and changed since, and ways to look at them.
struct ComparedPair {
    let pair: Pair
    let machine: Machine?
    private let sandbox: ShellSandbox?
    private let tools: ToolDirectory?

    /// Pushes a tree and changes it on both sides.
    ///
    /// - Parameters:
    ///   - seed: Decides about all.
    ///   - machine: What the sandbox has; nil for a directory of this machine.
    ///   - changesKinds: Whether entries become others.
    /// - Throws: When a tree cannot be written or pushed.
    init(seed: UInt64, machine: Machine? = nil, changesKinds: Bool = true) async throws {
        var random = SeededGenerator(seed: seed)
        var tree = Tree()
        for number in 0..<(random.below(12) + 3) {
            let name = random.oneIn(4) ? "d ir/sub/ö \(number)" : random.oneIn(2) ? "dir/f\(number)" : "file\(number)"
            tree[TreePath(Array(name.utf8))] = TreeEntry(
                .file(Self.text(&random), hasHoles: false), mode: random.oneIn(3) ? 0o755 : 0o644)
        }
        tree["link"] = TreeEntry(.link(Array("file1".utf8)))
        pair = try Pair(tree)
        self.machine = machine
        let made = try machine?.make()
        (sandbox, tools) = (made?.sandbox, made?.tools)
        // What is written in the same tick as it is scanned is known to nobody.
        try await Task.sleep(for: .milliseconds(25))
        try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
        for side in [pair.workspace, pair.sandbox] {
            let after = Self.changed(tree, &random, changesKinds: changesKinds)
            let root = String(decoding: side, as: UTF8.self)
            for (path, entry) in tree.entries where !entry.isDirectory && after[path] != entry {
                _ = try Tool.run("/bin/rm", ["-rf", root + "/" + String(decoding: path.bytes, as: UTF8.self)])
            }
            try after.filter { path, entry in entry.isDirectory || tree[path] != entry }.write(into: side)
        }
        try await Task.sleep(for: .milliseconds(25))
    }

    var options: SyncOptions {
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        return options
    }

    var endpoint: Endpoint {
        guard let sandbox else { return .directory(pair.sandbox) }
        return .sandbox(
            SandboxEndpoint(target: Array("test://here/box".utf8), root: SandboxPath(absolute: pair.sandbox)) {
                sandbox
            })
    }

    static func text(_ random: inout SeededGenerator) -> [UInt8] {
        if random.oneIn(12) { return [0, 1, 2] + random.bytes(30) }
        var text = (0..<random.below(30)).map { _ in "line \(random.below(12))" }.joined(separator: "\n")
        if !random.oneIn(4) { text += "\n" }
        return Array(text.utf8)
    }

    private static func changed(_ tree: Tree, _ random: inout SeededGenerator, changesKinds: Bool) -> Tree {
        var result = tree
        for path in tree.paths where tree[path]?.isDirectory == false {
            guard var entry = result[path] else { continue }
            switch random.below(changesKinds ? 10 : 9) {
            case 0: result[path] = nil
            case 1, 2:
                if entry.content != nil {
                    entry.kind = .file(text(&random), hasHoles: false)
                } else {
                    entry.kind = .link(Array("elsewhere".utf8))
                }
                result[path] = entry
            case 3:
                if entry.content != nil {
                    entry.mode = entry.mode == 0o755 ? 0o644 : 0o755
                    result[path] = entry
                }
            case 9: result[path] = TreeEntry(.link(Array("../../away".utf8)))
            default: break
            }
        }
        for _ in 0..<random.below(3) {
            result[TreePath(Array("new/\(random.below(9)) n".utf8))] = TreeEntry(
                .file(text(&random), hasHoles: false), mode: 0o644)
        }
        return result
    }

    /// All that is on disk, with fingerprints.
    func everything() throws -> [RelativePath: DiskFingerprint] {
        try DiskFingerprint.all(in: pair.directory.path)
    }
}

/// Collects what a comparison finds.
final class DifferenceLog: Sendable {
    private let differences = Mutex<[TreeDifference]>([])

    var observer: DifferenceObserver { { difference in self.differences.withLock { $0.append(difference) } } }
    var all: [TreeDifference] { differences.withLock { $0 } }
    var patch: [UInt8] { all.flatMap(\.patch) }
}

extension SyncItem {
    var told: String {
        "\(action) \(kind) \(changes.rawValue) \(displayName(of: path)) \(size) \(linkTarget ?? []) \(String(describing: heldReason))"
    }
}

@Suite("Status, diff and verify")
struct CompareTests {
    static let machines: [Machine?] = [nil, .dash, .busybox, .statOnly]

    @Test(
        "What status says is what a push and a pull would do and the pull then does, and nothing is touched",
        arguments: UInt64(1)...25, machines)
    func status(seed: UInt64, machine: Machine?) async throws {
        let compared = try await ComparedPair(seed: seed, machine: machine)
        let (pair, options) = (compared.pair, compared.options)
        let before = try compared.everything()
        let status = try await SyncEngine.status(of: pair.workspace, and: compared.endpoint, options: options)
        #expect(try compared.everything() == before, "seed \(seed)")
        #expect(status.hasBaseline)

        let push = ItemLog()
        var dry = options
        dry.isDryRun = true
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.push(pair.workspace, to: compared.endpoint, options: dry, observer: push.observer)
        }
        #expect(status.push?.items.map(\.told) == push.all.map(\.told), "seed \(seed)")
        #expect(status.push?.halt?.message == error?.message, "seed \(seed)")
        let pull = ItemLog()
        let report = try await SyncEngine.pull(
            from: compared.endpoint, to: pair.workspace, options: options, observer: pull.observer)
        #expect(status.pull.items.map(\.told) == pull.all.map(\.told), "seed \(seed)")
        #expect(status.pull.summary == report.summary, "seed \(seed)")
    }

    @Test(
        "A diff that is applied to the workspace gives the sandbox's bytes, links and modes",
        arguments: UInt64(30)...55, machines)
    func patch(seed: UInt64, machine: Machine?) async throws {
        for changesKinds in [false, true] {
            let compared = try await ComparedPair(seed: seed, machine: machine, changesKinds: changesKinds)
            let pair = compared.pair
            let log = DifferenceLog()
            let report = try await SyncEngine.diff(
                pair.workspace, compared.endpoint, options: compared.options, onDifference: log.observer)
            #expect(report.differences == log.all.count)
            let root = String(decoding: pair.workspace, as: UTF8.self)
            let program = changesKinds ? "git" : "patch"
            // Neither takes binary files without their content.
            let text = log.all.filter { !String(decoding: $0.patch, as: UTF8.self).contains("\nBinary files ") }
            let input = text.flatMap(\.patch)
            if !input.isEmpty {
                let arguments = changesKinds ? ["apply", "--whitespace=nowarn"] : ["-p1", "--batch", "-s"]
                let result = try Tool.run("/usr/bin/\(program)", arguments, input: input, directory: root)
                #expect(result.status == 0, "seed \(seed): \(result.text)\(result.errors)")
            }
            for difference in text {
                let path = RelativePath(validatedForTest: difference.path)
                let (ours, theirs) = (
                    try Tree(reading: pair.workspace)[path], try Tree(reading: pair.sandbox)[path]
                )
                if ours?.isDirectory ?? theirs?.isDirectory ?? false { continue }
                #expect(ours?.kind == theirs?.kind, "seed \(seed) \(program): \(displayName(of: difference.path))")
                let mode = (ours?.mode ?? 0, theirs?.mode ?? 0)
                #expect(mode.0 & 0o111 == mode.1 & 0o111, "seed \(seed): \(displayName(of: difference.path))")
            }
        }
    }

    @Test("Verify finds exactly what differs, by content also where size and time are the same", arguments: machines)
    func verify(machine: Machine?) async throws {
        let tree: Tree = [
            "a": .file("aaaa", mode: 0o644), "dir/b": .file("b", mode: 0o644), "empty": .directory(mode: 0o755),
            "link": .link("a"), "odd \n\\ name": .file("odd", mode: 0o644),
        ]
        let pair = try Pair(tree)
        let made = try machine?.make()
        var endpoint = Endpoint.directory(pair.sandbox)
        if let sandbox = made?.sandbox {
            endpoint = .sandbox(
                SandboxEndpoint(target: Array("test://here/box".utf8), root: SandboxPath(absolute: pair.sandbox)) {
                    sandbox
                })
        }
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
        let equal = try await SyncEngine.verify(pair.workspace, endpoint, options: options)
        #expect(equal.differences == 0 && equal.isComplete && equal.workspaceEntries == 6)
        let script = """
            touch -r a stamp; printf bbbb >a; touch -r stamp a; rm stamp; chmod 600 dir/b; rmdir empty; ln -sf b link
            echo new >new; printf ODD >'odd \n\\ name'
            """
        _ = try Tool.run("/bin/sh", ["-c", script], directory: String(decoding: pair.sandbox, as: UTF8.self))
        let log = DifferenceLog()
        let found = try await SyncEngine.verify(
            pair.workspace, endpoint, options: options, onDifference: log.observer)
        #expect(found.differences == 6)
        let sorts = Dictionary(log.all.map { (displayName(of: $0.path), $0.sort) }, uniquingKeysWith: { $1 })
        #expect(
            sorts == [
                "a": .content, "dir/b": .mode, "empty": .onlyInWorkspace, "link": .content, "new": .onlyInSandbox,
                "odd \\012\\\\ name": .content,
            ])
    }

    @Test("A tar is compared without being unpacked, and what is in it is shown")
    func archive() async throws {
        let compared = try await ComparedPair(seed: 7)
        let pair = compared.pair
        let tar = Endpoint.archive(pair.directory.path("a.tar.gz"))
        try await SyncEngine.push(pair.sandbox, to: tar)
        let (log, other) = (DifferenceLog(), DifferenceLog())
        try await SyncEngine.diff(pair.workspace, tar, options: compared.options, onDifference: log.observer)
        try await SyncEngine.diff(
            pair.workspace, compared.endpoint, options: compared.options, onDifference: other.observer)
        #expect(log.patch == other.patch && !log.patch.isEmpty)
        #expect(try await SyncEngine.verify(pair.sandbox, tar, options: compared.options).differences == 0)
        let status = try await SyncEngine.status(of: pair.workspace, and: tar, options: compared.options)
        let items = ItemLog()
        try await SyncEngine.pull(
            from: tar, to: pair.workspace, options: compared.options, observer: items.observer)
        #expect(status.push == nil && status.pull.items.map(\.told) == items.all.map(\.told))
    }

    @Test("What the sandbox had before the first sync is no difference; what is excluded is none either")
    func foreign() async throws {
        let pair = try Pair(["a": .file("a")], sandbox: ["own/deep": .file("theirs")])
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
        #expect(
            try await SyncEngine.verify(pair.workspace, .directory(pair.sandbox), options: options).differences == 0)
        _ = try Tool.run("/usr/bin/touch", ["x.log"], directory: String(decoding: pair.sandbox, as: UTF8.self))
        options.rules = .excluding("*.log")
        #expect(
            try await SyncEngine.verify(pair.workspace, .directory(pair.sandbox), options: options).differences == 0)
    }

    @Test("A sandbox that is not there, and a stream, are refused; what cannot be read is never equal")
    func refused() async throws {
        let pair = try Pair(["a": .file("a")])
        let missing = Endpoint.directory(pair.directory.path("missing"))
        let error = await #expect(throws: SyncError.self) { try await SyncEngine.verify(pair.workspace, missing) }
        #expect(error?.code == .halted)
        let status = try await SyncEngine.status(of: pair.workspace, and: missing)
        #expect(status.pull.halt != nil && status.push?.halt == nil && status.push?.items.count == 1)
        let stream = await #expect(throws: SyncError.self) {
            try await SyncEngine.verify(pair.workspace, .standardStream)
        }
        #expect(stream?.code == .usage)
    }
}

extension RelativePath {
    /// A path of which a test knows that it is one.
    init(validatedForTest bytes: [UInt8]) { self = TreePath(bytes).path }
}
