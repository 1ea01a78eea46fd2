import FerryCore
import FerryEngine
import FerryFileSystem
import FerryTesting
import FerryThreads
import Glibc
import Testing

/// Syncs of one workspace or one sandbox never run into each other.
@Suite("Locks")
struct LockTests {
    private let pair: Pair
    private let state: [UInt8]

    init() throws {
        pair = try Pair(["a": .file("a")])
        state = pair.directory.path("state")
    }

    private func options(_ change: (inout SyncOptions) -> Void = { _ in }) -> SyncOptions {
        var options = SyncOptions()
        options.stateDirectory = state
        options.lockWait = .zero
        change(&options)
        return options
    }

    private func lock(_ path: [UInt8], _ mode: SyncLock.Mode) throws -> SyncLock {
        let key = try RootDirectory.realPath(of: RootDirectory.open(path))
        return try SyncLock.take(
            key, mode, in: state, wait: .zero, holder: Array("somebody".utf8), cancellation: CancellationFlag())
    }

    @Test("a push waits for whoever holds the sandbox, and then says who it is")
    func sandboxIsHeld() async throws {
        let held = try lock(pair.sandbox, .exclusive)
        let error = await #expect(throws: SyncError.self) {
            try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options())
        }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("somebody") == true)
        #expect(try Tree(reading: pair.sandbox).paths.isEmpty)
        withExtendedLifetime(held) {}
    }

    @Test("the name that is locked is the directory's own, whatever links lead to it")
    func aliases() async throws {
        let alias = pair.directory.path("alias")
        try #require(unsafe symlink(pair.sandbox.map(CChar.init) + [0], alias.map(CChar.init) + [0]) == 0)
        let held = try lock(pair.sandbox, .exclusive)
        let error = await #expect(throws: SyncError.self) {
            try await SyncEngine.push(pair.workspace, to: .directory(alias), options: options())
        }
        #expect(error?.code == .locked)
        withExtendedLifetime(held) {}
    }

    @Test("pushes share a workspace, a pull has it alone")
    func sharing() async throws {
        let held = try lock(pair.workspace, .shared)
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options())
        let error = await #expect(throws: SyncError.self) {
            try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options())
        }
        #expect(error?.code == .locked)
        // Nothing is changed by a dry run, so nothing keeps it waiting.
        try await SyncEngine.pull(
            from: .directory(pair.sandbox), to: pair.workspace, options: options { $0.isDryRun = true })
        withExtendedLifetime(held) {}
    }

    @Test("a lock is waited for, and taken as soon as it is let go")
    func waiting() async throws {
        let held = try lock(pair.sandbox, .exclusive)
        async let push = SyncEngine.push(
            pair.workspace, to: .directory(pair.sandbox), options: options { $0.lockWait = .seconds(60) })
        try await Task.sleep(for: .milliseconds(200))
        #expect(try Tree(reading: pair.sandbox).paths.isEmpty)
        drop(held)
        _ = try await push
        #expect(try Tree(reading: pair.sandbox)["a"] != nil)
    }

    private func drop(_ lock: consuming SyncLock) {}

    @Test("a push of a missing sandbox locks the place where it will be")
    func missingSandbox() async throws {
        let place = pair.directory.path("new")
        let parent = try RootDirectory.realPath(of: RootDirectory.open(pair.directory.path("")))
        let held = try SyncLock.take(
            parent + Array("/new".utf8), .exclusive, in: state, wait: .zero, holder: [],
            cancellation: CancellationFlag())
        let error = await #expect(throws: SyncError.self) {
            try await SyncEngine.push(pair.workspace, to: .directory(place), options: options())
        }
        #expect(error?.code == .locked)
        withExtendedLifetime(held) {}
    }
}
