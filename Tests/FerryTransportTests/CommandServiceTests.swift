import FerryTesting
import FerryTransport
import Foundation
import Testing

@Suite("The backend of the documentation")
struct CommandServiceTests {
    private struct Table: Accounts {
        struct Unreachable: Error {}

        func user(of token: Secret) throws -> String? {
            if try token == Secret("broken") { throw Unreachable() }
            return try token == Secret("anns") ? "ann" : token == Secret("bobs") ? "bob" : nil
        }

        func owns(_ user: String, _ sandbox: String) -> Bool { user == "ann" && sandbox == "box-ann" }
    }

    private let directory: TemporaryDirectory
    private let service: CommandService
    private var log: String { String(decoding: directory.path("audit.log"), as: UTF8.self) }

    init() throws {
        directory = try TemporaryDirectory()
        let sandbox = InMemorySandbox(name: "box-ann") { command, streams in
            if command.text.elementsEqual("fail".utf8) {
                streams.writeError(Array("/srv/hidden: no\n".utf8))
                return 2
            }
            try streams.write(command.text)
            return 0
        }
        service = CommandService(
            sandboxes: ["box-ann": sandbox], accounts: Table(), audit: try AuditFile(directory.path("audit.log")))
    }

    private func run(_ text: String, in name: String = "box-ann", token: String) async -> Result<[UInt8], any Error> {
        let service = service
        do { return .success(try await blocking { try service.run(text, in: name, token: token) }) } catch {
            return .failure(error)
        }
    }

    @Test("Its users run commands in their own sandboxes only, and learn nothing of the host")
    func users() async throws {
        #expect(try await run("hello", token: "anns").get() == Array("hello".utf8))
        for (name, token) in [
            ("box-ann", "bobs"), ("box-ann", "nobodys"), ("box-ann", "broken"), ("box-ann", ""), ("box-ann", "a\nb"),
            ("box-bob", "anns"),
        ] {
            let outcome = await run("hello", in: name, token: token)
            #expect(throws: ClientError.denied) { try outcome.get() }
        }
        let outcome = await run("fail", token: "anns")
        let error = try #require(throws: ClientError.self) { try outcome.get() }
        #expect(error.code == "commandFailed" && !error.description.contains("/"))
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[0].contains(#""caller":"ann""#) && lines[0].contains(#""outcome":"done""#))
        #expect(lines[1].contains(#""caller":"bob""#) && lines[1].contains(#""outcome":"refused""#))
        #expect(lines[2].contains(#""caller":null"#) && lines[3].contains(#""outcome":"undecided""#))
        #expect(lines[4].contains(#""status":2"#) && !lines.joined().contains("hidden"))
    }

    @Test("A user who begins too much is told to come again later")
    func tooMuch() async throws {
        var errors: [ClientError] = []
        for _ in 0..<25 {
            if case .failure(let error) = await run("x", token: "anns"), let seen = error as? ClientError {
                errors.append(seen)
            }
        }
        #expect(!errors.isEmpty && errors.allSatisfy { $0.code == "busy" && $0.isTransient }, "\(errors)")
    }

    @Test("The documentation prints what is compiled here")
    func printed() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let code = try String(contentsOf: tests.appending(path: "CommandServiceExample.swift"), encoding: .utf8)
        let page = try String(
            contentsOf: tests.deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Sources/FerryEngine/Documentation.docc/BackendsForManyUsers.md"), encoding: .utf8)
        #expect(page.contains("```swift\n\(code)```"))
    }
}
