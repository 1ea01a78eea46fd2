import FerryCore
import FerryEngine
import FerryRuntime
import FerryTesting
import FerryThreads
import FerryTransport
import Foundation
import Synchronization
import Testing

/// Managed runtimes of a backend that serves many users.
@Suite("Guarded runtimes")
struct GuardedRuntimeTests {
    /// Keeps what nobody but the backend sees.
    private final class Kept: Sendable {
        let errors = Mutex<[String]>([])
    }

    private let directory: TemporaryDirectory
    private let owner: AccessGuard
    private let kept = Kept()

    init() throws {
        directory = try TemporaryDirectory()
        _ = try directory.directory("workspace", ["a": .file("12345"), "b/c": .file("678")])
        // Generous: hundreds of tests run beside these.
        owner = AccessGuard(audit: try AuditFile(directory.path("audit.log")), timeLimit: .seconds(300)) { request in
            guard try request.credential == Secret("anns") else { return .refused(caller: nil) }
            return request.sandbox == "dir/ann-1" ? .allowed(caller: "ann") : .refused(caller: "ann")
        }
    }

    private func guarded(_ token: String? = "anns") throws -> GuardedRuntime {
        GuardedRuntime(credential: try token.map { try Secret($0) }, guardedBy: owner) { [kept] error in
            let text = (error as? RuntimeError)?.detail ?? "\(error)"
            kept.errors.withLock { $0.append(text) }
        }
    }

    private func spec(_ id: String = "ann-1") throws -> ExecutionSpec {
        try ExecutionSpec(
            provider: "dir", sandboxID: id, remoteDirectory: "\(directory.text)/box", timeoutMilliseconds: 60_000)
    }

    private func preparation(_ id: String = "ann-1", workspace: String = "workspace") throws -> RuntimePreparation {
        var preparation = RuntimePreparation(
            spec: try spec(id), adapterKey: "agent", workspaceLocalDirectory: directory.path(workspace),
            stateDirectory: directory.path("state"))
        preparation.options.flushes = false
        return preparation
    }

    private func records() throws -> [[String: Any]] {
        let text = try String(contentsOfFile: "\(directory.text)/audit.log", encoding: .utf8)
        return try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    private func failure(_ body: () async throws(ClientError) -> Void) async -> ClientError? {
        do throws(ClientError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test("Each operation is recorded with who, which sandbox, and how many entries and bytes")
    func recorded() async throws {
        let guarded = try guarded()
        _ = try await guarded.prepare(preparation(), in: .thisMachine)
        try Data("new".utf8).write(to: URL(filePath: "\(directory.text)/box/new"))
        let restore = try await guarded.restore(
            workspace: directory.path("workspace"), spec: spec(), stateDirectory: directory.path("state"),
            transport: .thisMachine)
        #expect(restore.report?.summary.created == 1)
        let cleaned = try await guarded.release(
            workspace: directory.path("workspace"), spec: spec(), stateDirectory: directory.path("state"),
            transport: .thisMachine)
        #expect(cleaned)
        let records = try records()
        #expect(records.map { $0["operation"] as? String } == ["prepare", "restore", "release"])
        #expect(records.allSatisfy { $0["caller"] as? String == "ann" && $0["sandbox"] as? String == "dir/ann-1" })
        #expect(records.allSatisfy { $0["outcome"] as? String == "done" })
        #expect((records[0]["entries"] as? Int ?? 0) >= 3 && (records[0]["bytes_in"] as? Int ?? 0) >= 8)
        #expect(records[1]["entries"] as? Int == 1 && records[1]["bytes_out"] as? Int == 3)
    }

    @Test("Who may not, does nothing: nothing is made, read or removed")
    func refused() async throws {
        for (token, id) in [(nil, "ann-1"), ("bobs", "ann-1"), ("anns", "bob-1")] as [(String?, String)] {
            let guarded = try guarded(token)
            let preparation = try preparation(id)
            let spec = try spec(id)
            let errors = [
                await failure { () throws(ClientError) in _ = try await guarded.prepare(preparation, in: .thisMachine)
                },
                await failure { () throws(ClientError) in
                    _ = try await guarded.restore(
                        workspace: preparation.workspaceLocalDirectory, spec: spec,
                        stateDirectory: preparation.stateDirectory, transport: .thisMachine)
                },
                await failure { () throws(ClientError) in
                    _ = try await guarded.release(
                        workspace: preparation.workspaceLocalDirectory, spec: spec,
                        stateDirectory: preparation.stateDirectory, transport: .thisMachine)
                },
            ]
            #expect(errors == [.denied, .denied, .denied])
        }
        for name in ["box", "state"] { #expect(!FileManager.default.fileExists(atPath: "\(directory.text)/\(name)")) }
        #expect(try records().map { $0["outcome"] as? String } == Array(repeating: "refused", count: 9))
    }

    @Test("What a client sees of a failure holds no path; the backend's log has all of it")
    func errors() async throws {
        let guarded = try guarded()
        let preparation = try preparation(workspace: "missing")
        let error = try #require(
            await failure { () throws(ClientError) in _ = try await guarded.prepare(preparation, in: .thisMachine) })
        #expect(error.code == "workspace-unavailable", "\(error)")
        #expect(!error.description.contains(directory.text) && !error.description.contains("missing'"))
        #expect(kept.errors.withLock { $0.count } == 1)
        let record = try #require(try records().first)
        #expect(record["outcome"] as? String == "failed" && record["code"] as? String == error.code)
    }
}
