import FerryCore
import FerryFileSystem
import FerryTesting
import FerryThreads
import Synchronization
import Testing

@testable import FerryEngine

/// One push into several destinations is as good as one push into each.
@Suite("Several destinations")
struct SeveralDestinationsTests {
    private let world: PartWorld
    private static let tree: Tree = [
        "file": .file("content"), "link": .link("file"), "dir/inner": .file("inner"), "empty": .directory(mode: 0o755),
    ]

    init() throws { world = try PartWorld(.dash, Self.tree) }

    private func options(_ change: (inout SyncOptions) -> Void = { _ in }) -> SyncOptions {
        var options = world.options
        options.lockWait = .zero
        change(&options)
        return options
    }

    private func there(_ name: String) throws -> Tree { try Tree(reading: world.directory.path(name)) }

    private func isWhole(_ name: String) throws -> Bool {
        try there(name).differences(from: Tree(reading: world.workspace), aspects: .standard).isEmpty
    }

    /// The events as they come, by destination.
    private final class Log: Sendable {
        private let events = Mutex<[[String]]>(Array(repeating: [], count: 16))

        func take(_ index: Int, _ event: SeveralPushEvent) {
            let word: String?
            switch event {
            case .sync(.item(let item)): word = displayName(of: item.path)
            case .sync: word = nil
            case .ended(.success): word = "done"
            case .ended(.failure(let error)): word = error.code.rawValue
            }
            if let word { events.withLock { $0[index].append(word) } }
        }

        func of(_ index: Int) -> [String] { events.withLock { $0[index] } }
    }

    @Test("directories, a sandbox behind a shell and an archive all get the workspace, each with a report of its own")
    func allKinds() async throws {
        let (kept, log) = (world.directory, Log())
        try kept.directory("here", [:])
        let results = try await SyncEngine.push(
            world.workspace,
            to: [
                .directory(kept.path("here")), world.endpoint, .archive(kept.path("whole.tar")),
                .directory(kept.path("new")), .directory(kept.path("new2")), .directory(kept.path("new3")),
            ], options: options(), observer: log.take)
        #expect(results.count == 6)
        for (index, result) in results.enumerated() {
            let report = try result.get()
            #expect(report.summary.created == 5, "destination \(index): \(report.summary)")
            #expect(log.of(index).count == 6 && log.of(index).last == "done", "destination \(index): \(log.of(index))")
        }
        for name in ["here", "remote", "new", "new2", "new3"] { #expect(try isWhole(name), "\(name)") }
        let fromArchive = try kept.directory("from-archive", [:])
        try await SyncEngine.pull(from: .archive(kept.path("whole.tar")), to: fromArchive, options: options())
        #expect(try isWhole("from-archive"))
        // The next ones go by what was remembered of each.
        let again = try await SyncEngine.push(
            world.workspace, to: [.directory(kept.path("here")), world.endpoint, .directory(kept.path("new"))],
            options: options())
        for result in again { #expect(try result.get().summary.changesNothing) }
    }

    @Test("a destination that fails stops no other, and the results keep the order")
    func failures() async throws {
        let places = world.directory
        let busy = try places.directory("busy", ["file": .file("somebody's own")])
        let held = try places.directory("held", [:])
        let lock = try SyncLock.take(
            RootDirectory.realPath(of: RootDirectory.open(held)), .exclusive, in: places.path("state"), wait: .zero,
            holder: Array("somebody".utf8), cancellation: CancellationFlag())
        let results = try await SyncEngine.push(
            world.workspace,
            to: [
                .directory(busy), .directory(places.path("one")), .directory(held),
                .directory(places.path("no/such/parent")), .directory(places.path("two")),
            ], options: options())
        let codes = results.map { result -> SyncError.Code? in
            if case .failure(let error) = result { error.code } else { nil }
        }
        #expect(codes == [.halted, nil, .locked, .failed, nil])
        #expect(try isWhole("one") && isWhole("two"))
        #expect(try there("held").paths.isEmpty && there("busy").paths.count == 1)
        withExtendedLifetime(lock) {}
    }

    @Test("a destination that is named twice, by whatever path, or that lies in another is refused before any change")
    func twice() async throws {
        let places = world.directory
        let one = try places.directory("one", ["inner/x": .file("x")])
        try places.directory("aliases", ["alias": .link("../one")])
        func refusal(_ first: Endpoint, _ second: Endpoint) async -> SyncError? {
            await #expect(throws: SyncError.self) {
                try await SyncEngine.push(
                    world.workspace, to: [.directory(places.path("other")), first, second], options: options())
            }
        }
        let pairs: [(Endpoint, Endpoint)] = [
            (.directory(one), .directory(one)), (.directory(one), .directory(one + Array("/".utf8))),
            (.directory(one), .directory(places.path("aliases/alias"))),
            (.directory(places.path("new")), .directory(places.path("aliases/../new"))),
            (world.endpoint, world.endpoint), (.directory(one), .directory(places.path("one/inner"))),
            (.directory(places.path("one/new")), .directory(one)),
            (.archive(places.path("a.tar")), .archive(places.path("a.tar"))),
            (.directory(one), .archive(places.path("one/a.tar"))),
            (.directory(places.path("new")), .directory(places.path("new/inner"))),
        ]
        for (index, pair) in pairs.enumerated() {
            let error = await refusal(pair.0, pair.1)
            #expect(error?.code == .usage, "pair \(index): \(error?.message ?? "")")
        }
        #expect(try there("one").paths.count == 2)
        // Names that only begin alike are different.
        let results = try await SyncEngine.push(
            world.workspace, to: [.directory(one), .directory(places.path("one2"))], options: options())
        for result in results { #expect(try result.get().summary.created == 5) }
    }

    @Test("a request to stop ends all of them")
    func cancellation() async throws {
        let cancellation = CancellationFlag()
        cancellation.raise()
        let results = try await SyncEngine.push(
            world.workspace, to: (0..<6).map { .directory(world.directory.path("place\($0)")) }, options: options(),
            cancellation: cancellation)
        for result in results {
            guard case .failure(let error) = result else {
                Issue.record("a push went on")
                continue
            }
            #expect(error.code == .cancelled)
        }
    }

    @Test("a scan is made once for those who use it at the same time, and anew when the last of them is done")
    func sharedScan() throws {
        let root = try RootDirectory.open(world.workspace)
        let shared = SharedScan()
        var scans = 0
        func scan() throws(SyncError) -> Int {
            try shared.scan { () throws(SyncError) in
                scans += 1
                return SharedScan.Made(
                    result: try SyncSession.scan(root, SyncOptions().workspaceScan(), at: world.workspace), stamp: .now)
            }.result.snapshot.entryCount
        }
        shared.begin()
        shared.begin()
        #expect(throws: SyncError.self) {
            _ = try shared.scan { () throws(SyncError) in throw SyncError(.failed, "it fails") }
        }
        #expect(try scan() == 5 && scan() == 5 && scans == 1)
        shared.end()
        #expect(try scan() == 5 && scans == 1)
        shared.end()
        shared.begin()
        #expect(try scan() == 5 && scans == 2)
        shared.end()
    }
}
