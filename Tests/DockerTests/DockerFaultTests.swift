import FerryProviders
import FerryTransport
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("An engine that misbehaves", .timeLimit(.minutes(1)))
struct DockerFaultTests {
    private static let lost = "{\"message\":\"No such exec instance\"}"

    private func failure(_ engine: FakeEngine, _ command: SandboxCommand = SandboxCommand("true")) throws
        -> TransportError
    {
        try #require(throws: TransportError.self) { try engine.sandbox.run(command) }
    }

    @Test("Frames that are cut into single bytes, empty and mixed come out whole")
    func pieces() throws {
        let engine = try FakeEngine(state: "{\"Running\":false,\"ExitCode\":5}") { connection in
            let bytes =
                FakeEngine.begun + FakeEngine.frame(1, "ab") + FakeEngine.frame(1, "") + FakeEngine.frame(2, "err")
                + FakeEngine.frame(1, "c")
            for byte in bytes {
                connection.send([byte])
                usleep(300)
            }
        }
        let result = try engine.sandbox.run("true")
        #expect(result.text == "abc" && result.errors == "err" && result.exit.status == 5)
    }

    @Test(
        "A damaged stream is an error, never a short result",
        arguments: [
            (FakeEngine.frame(1, "abc", claims: 10), "within a frame"),
            (FakeEngine.frame(2, "abc", claims: 10), "within a frame"),
            ([1, 0, 0], "within the head"),
            ([1, 0, 1, 0, 0, 0, 0, 1, 65], "does not know"),
            ([9, 0, 0, 0, 0, 0, 0, 1, 65], "does not know"),
            ([0, 0, 0, 0, 0, 0, 0, 1, 65], "does not know"),
            (FakeEngine.frame(1, "", claims: 0xFFFF_FFFF), "claims 4294967295 bytes"),
            (FakeEngine.frame(3, "engine says: broken"), "engine says: broken"),
        ] as [([UInt8], String)])
    func damaged(bytes: [UInt8], words: String) throws {
        let engine = try FakeEngine { $0.send(FakeEngine.begun + bytes) }
        let error = try failure(engine)
        #expect(error.code == .malformed && error.description.contains(words), "\(error)")
    }

    @Test(
        "An engine that could not start the shell is told apart from a command that failed",
        arguments: [1, 2] as [UInt8])
    func noShell(kind: UInt8) throws {
        let engine = try FakeEngine(state: "{\"Running\":false,\"ExitCode\":127}") { connection in
            connection.send(FakeEngine.frame(kind, "exec: /bin/sh: no such file"))
        }
        let error = try failure(engine)
        #expect(
            error.code == .missingTool && error.status == 127 && error.description.contains("no such file"), "\(error)")
    }

    @Test("An exit status that the engine lost is an error")
    func lostStatus() throws {
        let engine = try FakeEngine(stream: { $0.send(FakeEngine.begun) }) { line, connection in
            line.contains("/exec/e1/json") && connection.respond(404, Self.lost)
        }
        let error = try failure(engine)
        #expect(error.code == .disconnected && error.description.contains("exit status is lost"), "\(error)")
        let silent = try FakeEngine(
            state: "{\"Running\":false,\"ExitCode\":null}", stream: { $0.send(FakeEngine.begun) })
        #expect(try failure(silent).code == .malformed)
    }

    @Test("The exit status counts only once the command no longer runs")
    func runningFirst() throws {
        let asked = Atomic<Int>(0)
        let engine = try FakeEngine(stream: { $0.send(FakeEngine.begun) }) { line, connection in
            guard line.contains("/exec/e1/json") else { return false }
            let count = asked.wrappingAdd(1, ordering: .relaxed).newValue
            return connection.respond(200, "{\"Running\":\(count < 4),\"ExitCode\":\(count < 4 ? 0 : 9)}")
        }
        #expect(try engine.sandbox.run("true").exit.status == 9)
    }

    @Test("A stream on which nothing moves ends with the command's idle time-out, and the command is killed")
    func idle() throws {
        let engine = try FakeEngine(state: "{\"Running\":true,\"ExitCode\":0}") { connection in
            connection.send(FakeEngine.begun)
            _ = connection.readToEnd()
        }
        var command = SandboxCommand("cat")
        command.idleTimeout = .milliseconds(150)
        let sandbox = engine.sandbox
        let error = try #require(throws: TransportError.self) { try sandbox.run(command) }
        #expect(error.code == .timedOut, "\(error)")
        for _ in 0..<100 where engine.requests.count(where: { $0.contains("/start") }) < 2 { usleep(10_000) }
        #expect(engine.requests.count { $0.contains("/exec HTTP") } == 2)
    }

    @Test(
        "What an engine refuses with comes with its words, within limits, and with advice",
        arguments: [
            (404, "No such container: c", TransportError.Code.notFound, "docker ps"),
            (409, "Container c is not running", .unsupported, "docker start c"),
            (409, "Container c is paused, unpause", .unsupported, "docker unpause c"),
            (
                500, "can only create exec sessions on running containers: container state improper", .unsupported,
                "docker start"
            ),
            (500, "write /x: no space left on device", .noSpace, "prune"),
            (503, "busy", .busy, "busy"), (403, "no", .denied, "no"),
            (500, String(repeating: "long ", count: 5_000), .commandFailed, "long"),
            (302, "", .malformed, "redirect"),
        ])
    func refusals(status: Int, words: String, code: TransportError.Code, advice: String) throws {
        let engine = try FakeEngine { line, connection in
            line.hasSuffix("/exec HTTP/1.1")
                && connection.respond(status, "{\"message\":\"\(words)\"}", headers: ["Location: /elsewhere"])
        }
        let error = try failure(engine)
        #expect(error.code == code && error.description.contains(advice), "\(error)")
        #expect(error.description.utf8.count < 2_000)
    }

    @Test("An answer that is not JSON, and a server that is no engine, are told")
    func notAnEngine() throws {
        let garbage = try FakeEngine { line, connection in
            line.hasSuffix("/exec HTTP/1.1") && connection.respond(201, "<html>")
        }
        #expect(try failure(garbage).code == .malformed)
        let other = try FakeEngine(version: nil) { line, connection in
            line.contains("_ping") && connection.respond(200, "welcome")
        }
        let error = try failure(other)
        #expect(error.code == .malformed && error.description.contains("not a container engine"), "\(error)")
    }

    @Test(
        "The smaller of both versions is spoken",
        arguments: [("1.41", "/v1.41/"), ("1.99", "/v1.51/"), ("2.0", "/v1.51/")])
    func version(theirs: String, path: String) throws {
        let engine = try FakeEngine(version: theirs, stream: { $0.send(FakeEngine.begun) })
        _ = try engine.sandbox.run("true")
        #expect(engine.requests.dropFirst().allSatisfy { $0.contains(path) }, "\(engine.requests)")
        let old = try FakeEngine(version: nil, stream: { $0.send(FakeEngine.begun) })
        _ = try old.sandbox.run("true")
        #expect(old.requests.contains("POST /containers/c/exec HTTP/1.1"), "\(old.requests)")
    }

    @Test("A dead engine, none at all and one that may not be used are told apart")
    func dead() throws {
        let dead = try FakeEngine { _, connection in
            connection.close()
            return true
        }
        #expect(try failure(dead).code == .disconnected)
        let none = DockerSandbox(container: "c", host: DockerHost(socket: Array("/nonexistent/docker.sock".utf8)))
        let error = try #require(throws: TransportError.self) { try none.run("true") }
        #expect(error.code == .unreachable && error.description.contains("/nonexistent/docker.sock"), "\(error)")
        #expect(error.advice.contains("DOCKER_HOST"))
    }

    @Test("A download that ends early, or without the end mark of a tar, is an error", arguments: [true, false])
    func cutDownload(isFramed: Bool) throws {
        let engine = try FakeEngine { line, connection in
            guard line.hasPrefix("GET") && line.contains("/archive?path=%2Fw%20%FF") else { return false }
            connection.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + (isFramed ? "0\r\n\r\n" : ""))
            if !isFramed { connection.close() }
            return true
        }
        let download = try #require(try engine.sandbox.archives?.download(Array("/w ".utf8) + [0xFF]))
        var piece = [UInt8](repeating: 0, count: 100)
        let error = try #require(throws: TransportError.self) {
            while true {
                var room = piece.mutableSpan
                if try download.read(into: &room) == 0 { break }
            }
        }
        #expect(error.code == (isFramed ? .malformed : .disconnected), "\(error)")
    }

    @Test("The idle time-out that was asked for ends a silent upload and a silent download")
    func silentArchives() throws {
        let engine = try FakeEngine { line, connection in
            guard line.contains("/archive?") else { return false }
            if line.hasPrefix("HEAD") {
                connection.respond(200)
            } else {
                if line.hasPrefix("GET") { connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") }
                _ = connection.readToEnd()
            }
            return true
        }
        let archives = try #require(engine.sandbox.archives)
        let start = ContinuousClock.now
        let download = try archives.download(Array("/w/.".utf8), idleTimeout: .milliseconds(500))
        let read = try #require(throws: TransportError.self) {
            var piece = [UInt8](repeating: 0, count: 100)
            var room = piece.mutableSpan
            _ = try download.read(into: &room)
        }
        #expect(read.code == .timedOut, "\(read)")
        let written = try #require(throws: TransportError.self) {
            try archives.upload(to: [0x2F], idleTimeout: .milliseconds(500)) { (write) throws(TransportError) in
                try write([0x61].span)
            }
        }
        #expect(written.code == .timedOut, "\(written)")
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("A root that is a file is told in Ferry's own words")
    func fileAsRoot() throws {
        let status = Data("{\"name\":\"w\",\"size\":1,\"mode\":420}".utf8).base64EncodedString()
        let engine = try FakeEngine { line, connection in
            guard line.contains("/archive?") else { return false }
            if line.hasPrefix("HEAD") {
                connection.send(
                    "HTTP/1.1 200 OK\r\nX-Docker-Container-Path-Stat: \(status)\r\nContent-Length: 0\r\n\r\n")
            } else {
                connection.respond(500, "{\"message\":\"lstat /var/lib/docker/x/merged/w/.: not a directory\"}")
            }
            return true
        }
        let error = try #require(throws: TransportError.self) {
            _ = try engine.sandbox.archives?.download(Array("/w/.".utf8))
        }
        #expect(error.description.contains("'/w' in the container is not a directory"), "\(error)")
        #expect(!error.description.contains("/var/lib"))
    }

    @Test("An upload's answer counts: a yes before a reset, a no before the end, nothing at all")
    func uploadAnswers() throws {
        func upload(_ answer: @escaping @Sendable (FakeConnection) -> Void) throws -> TransportError? {
            let engine = try FakeEngine { line, connection in
                guard line.hasPrefix("PUT") else { return false }
                answer(connection)
                return true
            }
            do throws(TransportError) {
                try engine.sandbox.archives?.upload(to: [0x2F]) { (write) throws(TransportError) in
                    let piece = [UInt8](repeating: 0, count: 100_000)
                    for _ in 0..<200 { try write(piece.span) }
                }
                return nil
            } catch {
                return error
            }
        }
        let yes = try upload { connection in
            _ = connection.read(1_000)
            connection.respond(200)
            usleep(50_000)
            connection.close()
        }
        #expect(yes == nil, "\(String(describing: yes))")
        let no = try upload { connection in
            _ = connection.read(1_000)
            connection.respond(500, "{\"message\":\"archive/tar: invalid tar header\"}")
            _ = connection.readToEnd()
        }
        #expect(
            no?.code == .commandFailed && no?.description.contains("invalid tar header") == true,
            "\(String(describing: no))")
        let nothing = try upload { connection in
            _ = connection.read(1_000)
            connection.close()
        }
        #expect(nothing?.code == .disconnected, "\(String(describing: nothing))")
    }
}
