import FerryHTTP
import FerryProviders
import FerryTesting
import FerryThreads
import FerryTransport
import Foundation
import Synchronization
import TestSupport
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Runs on a thread that may block.
private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BlockingThread.run(named: "test", body)
}

/// Where secrets go, and where they do not.
@Suite("The ways of secrets", .serialized)
struct CredentialFlowTests {
    private let secret: Secret

    init() throws { secret = try Secret("s3cr3t-\(UUID().uuidString)") }

    // MARK: Commands

    /// Runs a command that is given a secret, while all command lines of the machine are looked at.
    private func watch(_ sandbox: any Sandbox) async throws {
        let events = Mutex<[SandboxEvent]>([])
        let recorded = RecordingSandbox(sandbox) { event in events.withLock { $0.append(event) } }
        let watch = ArgumentWatch(for: [secret.revealed])
        let secret = secret
        let output = try await blocking {
            // The command's own entry wins over the sandbox's; what it does not name stays.
            var command = SandboxCommand(
                bytes(#"printf '%s|%s' "$LANG" "${PATH:+there}"; head -c 3; sh -c 'printf %s "$LANG"'"#),
                purpose: "a test")
            command.environment = [(bytes("LANG"), bytes("C"))]
            command.set(secret, as: "LANG")
            let process = try recorded.start(command)
            watch.look()
            try process.write(bytes("abc").span)
            try process.closeInput()
            var output: [UInt8] = []
            while true {
                var buffer = [UInt8](repeating: 0, count: 500)
                var span = buffer.mutableSpan
                let count = try process.read(into: &span)
                if count == 0 { break }
                output += buffer[..<count]
            }
            #expect(try process.wait().status == 0)
            var failing = SandboxCommand(bytes("exit 9"), purpose: "a failing test")
            failing.set(secret, as: "TOKEN")
            let error = #expect(throws: TransportError.self) { try recorded.run(failing, outputLimit: 10) }
            #expect(error?.description.contains(secret.revealed) == false)
            failing.environment.append((bytes("A=B"), bytes(secret.revealed)))
            let refused = #expect(throws: TransportError.self) { try recorded.run(failing, outputLimit: 10) }
            #expect(refused?.code == .unsupported && refused?.description.contains(secret.revealed) == false)
            return String(decoding: output, as: UTF8.self)
        }
        let found = watch.stop()
        #expect(output == "\(secret.revealed)|thereabc\(secret.revealed)")
        #expect(found.isEmpty, "\(found)")
        let told = events.withLock { "\($0)" }
        #expect(told.contains("a failing test") && !told.contains(secret.revealed))
    }

    @Test("A command's secret is in no command line, error or record: a shell of this machine")
    func shell() async throws {
        try await watch(LocalShellSandbox())
    }

    @Test("A command's secret is in no command line, error or record: behind a command of the configuration")
    func exec() async throws {
        try await watch(
            ProcessSandbox(name: "exec:test", prefix: ["sh", "-c", #"exec "$@""#, "sh"].map(bytes)))
    }

    @Test("A command's secret is in no command line, error or record: a host behind ssh")
    func ssh() async throws {
        let server = try SSHServer()
        let sandbox = server.sandbox()
        defer { sandbox.close() }
        try await watch(sandbox)
    }

    @Test("A command's secret is in no command line, error or record: a pod")
    func pod() async throws {
        let world = try TestWorld()
        let cluster = try KubectlStandIn(in: world.path("io"))
        try await watch(
            KubernetesSandbox(
                namespace: bytes("ns"), pod: bytes("box"), container: bytes("main"), command: cluster.command.map(bytes)
            ))
    }

    @Test("A detached command goes on without its caller, and without any caller's variables")
    func detached() async throws {
        let directory = try TemporaryDirectory()
        let marker = String(decoding: directory.path("marker"), as: UTF8.self)
        let sandbox = LocalShellSandbox()
        var before = SandboxCommand(bytes("true"), purpose: "a test")
        before.set(secret, as: "TOKEN")
        let first = before
        let number = try await blocking {
            _ = try sandbox.run(first, outputLimit: 10)
            return try sandbox.start(
                detached: DetachedCommand(
                    bytes("sleep 0.3; printf '%s' \"${TOKEN-none}\" >'\(marker).new'; mv '\(marker).new' '\(marker)'"),
                    purpose: "a test"))
        }
        #expect(number > 1)
        sandbox.close()
        for _ in 0..<200 where !FileManager.default.fileExists(atPath: marker) { usleep(50_000) }
        #expect(try String(contentsOfFile: marker, encoding: .utf8) == "none")
    }

    // MARK: Requests

    /// A server that keeps the heads of the requests it gets.
    private final class Listener: Sendable {
        private final class Heads: Sendable {
            let list = Mutex<[String]>([])
        }

        private let heads: Heads
        private let server: FakeServer

        init(_ status: Int = 200, location: String? = nil) throws {
            let heads = Heads()
            self.heads = heads
            server = try FakeServer { connection in
                while let head = connection.readHead() {
                    heads.list.withLock { $0.append(head) }
                    connection.respond(status, headers: location.map { ["Location: \($0)"] } ?? [])
                }
            }
        }

        var seen: [String] { heads.list.withLock { $0 } }
        var origin: String { "http://127.0.0.1:\(server.port)" }
    }

    private func request(_ listener: Listener) throws -> HTTPRequest {
        HTTPRequest(.get, try HTTPURL(listener.origin).appending("x"))
    }

    @Test("A token goes to its origin, and a redirect to another origin gets nothing")
    func redirect() throws {
        let other = try Listener()
        let first = try Listener(307, location: "\(other.origin)/y")
        let plane = ControlPlane(
            HTTPClient(), credential: AccountCredential(secret, controlPlane: try Origin(first.origin)))
        #expect(try plane.send(try request(first)).response.status == 307)
        #expect(first.seen.count == 1 && first.seen[0].contains("Authorization: Bearer \(secret.revealed)"))
        #expect(other.seen.isEmpty)
    }

    @Test("A request to another origin than the token's is refused before anything is sent")
    func otherOrigin() throws {
        let mine = try Listener()
        let other = try Listener()
        let origin = try Origin(mine.origin)
        let account = ControlPlane(HTTPClient(), credential: AccountCredential(secret, controlPlane: origin))
        let data = DataPlane(
            HTTPClient(), credential: SandboxCredential(secret, sandboxID: "s", dataPlane: origin))
        for send in [{ try account.send($0) }, { try data.send($0) }, { try data.start($0).reply() }]
            as [(HTTPRequest) throws -> HTTPReply]
        {
            let error = try #require(throws: HTTPError.self) { try send(try request(other)) }
            #expect(error.code == .invalidRequest && !"\(error)".contains(secret.revealed))
        }
        var hidden = try request(mine)
        hidden.unixSocket = bytes("/run/other.sock")
        #expect(throws: HTTPError.self) { try account.send(hidden) }
        #expect(other.seen.isEmpty && mine.seen.isEmpty)
    }

    @Test("A sandbox without a credential gets none, and one with its own gets that in the header it wants")
    func dataPlane() throws {
        let listener = try Listener()
        #expect(try DataPlane(HTTPClient(), credential: nil).send(try request(listener)).response.isSuccess)
        let own = SandboxCredential(secret, sandboxID: "s", dataPlane: try Origin(listener.origin))
        let plane = DataPlane(HTTPClient(), credential: own)
        #expect(try plane.send(try request(listener), header: "X-Access-Token").response.isSuccess)
        #expect(listener.seen.count == 2)
        #expect(!listener.seen[0].contains("Authorization"))
        #expect(listener.seen[1].contains("X-Access-Token: \(secret.revealed)"))
    }

    @Test("A request that carries a token shows it nowhere")
    func hiddenInRequest() throws {
        let listener = try Listener()
        let token = OriginBoundToken(secret, for: try Origin(listener.origin))
        let request = try request(listener).carrying(token, in: "Authorization")
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped, request.operation] {
            #expect(!text.contains(secret.revealed))
        }
    }
}
