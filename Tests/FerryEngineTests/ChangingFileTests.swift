import FerryCore
import FerryEngine
import FerryTesting
import FerryThreads
import Glibc
import Synchronization
import Testing

/// Files that somebody writes while they are read: the stream stays valid, the rest arrives, and it is said.
@Suite("Files that change while they are read", .serialized)
struct ChangingFileTests {
    /// What a writer does to a file again and again.
    enum Hammer: String, Sendable, CaseIterable {
        case grows, shrinks, isRewritten, vanishes

        func strike(_ path: [CChar], _ round: Int) {
            if self == .vanishes, round % 2 == 1 {
                _ = unsafe unlink(path)
                return
            }
            let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (self == .grows ? O_APPEND : 0)
            let file = unsafe open(path, flags, 0o644)
            guard file >= 0 else { return }
            defer { close(file) }
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: round | 1), count: 70_000)
            switch self {
            case .shrinks: ftruncate(file, off_t(round % 3 == 0 ? 2_000_000 : round % 3 * 1000))
            case .grows where round % 50 == 0: ftruncate(file, 0)
            default: _ = unsafe bytes.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Runs a body while a thread writes into files.
    private func whileHammering(_ hammer: Hammer, _ files: [[UInt8]], _ body: () async throws -> Void) async throws {
        let stop = CancellationFlag()
        let paths = files.map { $0.map(CChar.init(bitPattern:)) + [0] }
        let thread = try BlockingThread(named: "hammer") {
            var round = 0
            while !stop.isRaised {
                for path in paths { hammer.strike(path, round) }
                round += 1
                // Often enough to meet every read, without taking the processor from it.
                usleep(200)
            }
        }
        let result: Result<Void, any Error>
        do {
            try await body()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        stop.raise()
        thread.join()
        try result.get()
    }

    private static var calm: Tree {
        var tree = Tree()
        for number in 0..<20 {
            tree[TreePath(Array("calm/\(number)".utf8))] = TreeEntry(
                .file(Array("calm \(number)".utf8), hasHoles: false))
        }
        tree["zzz"] = TreeEntry(.file(Array("the last".utf8), hasHoles: false))
        return tree
    }

    @Test("a stream of them is valid, and all else is in it", arguments: Hammer.allCases)
    func archive(hammer: Hammer) async throws {
        var tree = Self.calm
        tree["hot/small"] = TreeEntry(.file([1], hasHoles: false))
        tree["hot/large"] = TreeEntry(.file([UInt8](repeating: 7, count: 900_000), hasHoles: false))
        let pair = try Pair(tree)
        let hot = ["hot/small", "hot/large"].map { pair.directory.path("workspace/\($0)") }
        try await whileHammering(hammer, hot) {
            for round in 0..<6 {
                let archive = pair.directory.path("\(round).tar")
                let report = try await SyncEngine.push(pair.workspace, to: .archive(archive))
                for problem in report.problems {
                    #expect(problem.path.starts(with: Array("hot/".utf8)), "\(problem)")
                    #expect(problem.code == .unstable, "\(problem)")
                }
                let listed = try run("tar", ["-tf", String(decoding: archive, as: UTF8.self)])
                #expect(listed.isSilent, "\(listed)")
                let target = pair.directory.path("\(round)")
                try await SyncEngine.pull(from: .archive(archive), to: target)
                var found = try Tree(reading: target)
                found["hot"] = nil
                #expect("\(found.differences(from: Self.calm))" == "no differences")
            }
        }
    }

    @Test("what came of them between directories is some state of theirs, or reported", arguments: Hammer.allCases)
    func directory(hammer: Hammer) async throws {
        var tree = Self.calm
        tree["hot/small"] = TreeEntry(.file([1], hasHoles: false))
        tree["hot/large"] = TreeEntry(.file([UInt8](repeating: 7, count: 900_000), hasHoles: false))
        let pair = try Pair(tree)
        let hot = ["hot/small", "hot/large"].map { pair.directory.path("workspace/\($0)") }
        try await whileHammering(hammer, hot) {
            for round in 0..<6 {
                let target = pair.directory.path("\(round)")
                let report =
                    round % 2 == 0
                    ? try await SyncEngine.push(pair.workspace, to: .directory(target))
                    : try await SyncEngine.pull(from: .directory(pair.workspace), to: target)
                for problem in report.problems { #expect(problem.code == .unstable, "\(problem)") }
                var found = try Tree(reading: target)
                found["hot"] = nil
                #expect("\(found.differences(from: Self.calm))" == "no differences")
            }
        }
        // At rest, the next push heals.
        try await SyncEngine.push(pair.workspace, to: .directory(pair.directory.path("0")), options: .mirror)
        let source = try Tree(reading: pair.workspace)
        let healed = try Tree(reading: pair.directory.path("0")).differences(from: source, aspects: [.modes])
        #expect(healed.isEmpty, "\(healed)")
    }

    @Test("a file that keeps changing is reported")
    func reported() async throws {
        let pair = try Pair(["hot": .file(bytes: [UInt8](repeating: 1, count: 30_000_000))])
        let seen = Mutex<[Problem]>([])
        try await whileHammering(.isRewritten, [pair.directory.path("workspace/hot")]) {
            for round in 0..<3 {
                let target: Endpoint = round == 0 ? .directory(pair.sandbox) : .archive(pair.directory.path("a.tar"))
                let report = try await SyncEngine.push(
                    pair.workspace, to: target, options: .with { $0.overrides.allowed = [.overwriteSandbox] })
                seen.withLock { $0 += report.problems }
            }
        }
        #expect(seen.withLock { !$0.isEmpty && $0.allSatisfy { $0.code == .unstable } })
    }

    @Test("a local edit between plan and apply survives a pull", arguments: [false, true])
    func localEdit(isArchive: Bool) async throws {
        var theirs = Tree()
        var ours = Tree()
        for number in 0..<30 {
            let path = TreePath(Array("f\(number)".utf8))
            theirs[path] = TreeEntry(.file(Array("remote".utf8), hasHoles: false))
            ours[path] = TreeEntry(.file(Array("local".utf8), hasHoles: false))
            ours[TreePath(Array("gone\(number)".utf8))] = TreeEntry(.file(Array("local".utf8), hasHoles: false))
        }
        let pair = try Pair(ours, sandbox: theirs)
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.sandbox, to: .archive(archive))
        // The plan has been made when it is told; what happens here happens between plan and apply.
        let workspace = pair.workspace
        let edit: SyncObserver = { event in
            guard case .plan = event else { return }
            for name in ["f3", "gone4"] {
                let edited = Tree([
                    TreePath(Array(name.utf8)).path: TreeEntry(.file(Array("edited!".utf8), hasHoles: false))
                ])
                try? edited.write(over: workspace)
            }
            try? (["gone5x": .file("appeared"), "new": .file("appeared")] as Tree).write(into: workspace)
        }
        let report = try await SyncEngine.pull(
            from: isArchive ? .archive(archive) : .directory(pair.sandbox), to: workspace,
            options: .unreviewedMirror, observer: edit)
        let found = try Tree(reading: workspace)
        #expect(found["f3"]?.content == Array("edited!".utf8))
        #expect(found["gone4"]?.content == Array("edited!".utf8))
        #expect(found["new"]?.content == Array("appeared".utf8) && found["gone5x"] != nil)
        #expect(found["f4"]?.content == Array("remote".utf8) && found["gone6"] == nil)
        #expect(report.problemCodes["f3"] == .protected && report.problemCodes["gone4"] == .protected)
        #expect(found.entries.count == 33)
    }

    @Test("a new local file where the pull wants to make one survives", arguments: [false, true])
    func localCreation(isArchive: Bool) async throws {
        let pair = try Pair([:], sandbox: ["a": .file("remote"), "d/b": .file("remote"), "c": .file("remote")])
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.sandbox, to: .archive(archive))
        let workspace = pair.workspace
        let report = try await SyncEngine.pull(
            from: isArchive ? .archive(archive) : .directory(pair.sandbox), to: workspace
        ) { event in
            guard case .plan = event else { return }
            try? (["a": .file("mine"), "d": .file("mine")] as Tree).write(into: workspace)
        }
        let expected: Tree = ["a": .file("mine"), "d": .file("mine"), "c": .file("remote")]
        #expect("\(try Tree(reading: workspace).differences(from: expected))" == "no differences")
        #expect(report.problemCodes["a"] == .protected && report.problemCodes["d"] == .protected)
    }
}
