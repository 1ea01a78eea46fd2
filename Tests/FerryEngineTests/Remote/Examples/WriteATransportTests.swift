import FerryEngine
import FerryTesting
import FerryTransport
import Foundation
import Testing

@Suite("The article on writing a transport")
struct WriteATransportTests {
    @Test("prints the client that is compiled here, which has some fifty lines")
    func text() throws {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let article = here.appending(path: "../../../../Sources/FerryEngine/Documentation.docc/WriteATransport.md")
        let code = try String(contentsOf: here.appending(path: "LocalClient.swift"), encoding: .utf8)
        #expect(try String(contentsOf: article, encoding: .utf8).contains("```swift\n\(code)```"))
        #expect(code.split(separator: "\n").count <= 55)
    }

    @Test("has a client that pushes, pulls and leaves nothing behind")
    func runs() async throws {
        let directory = try TemporaryDirectory()
        let workspace = try directory.directory("workspace", ["file": .file("one"), "dir/inner": .file("two")])
        let remote = try directory.directory("remote")
        var limits = PlainLimits()
        limits.directory = String(decoding: try directory.directory("temporary"), as: UTF8.self)
        var options = SyncOptions()
        options.stateDirectory = directory.path("state")
        let endpoint = SandboxEndpoint(target: Array("local://here/remote".utf8), root: SandboxPath(absolute: remote)) {
            [limits] in
            PlainSandbox(name: "local://here", client: LocalClient(), limits: limits)
        }
        _ = try await SyncEngine.push(workspace, to: .sandbox(endpoint), options: options)
        #expect(
            try Tree(reading: remote).differences(from: Tree(reading: workspace), aspects: [.modes, .times]).isEmpty)
        try Data("result".utf8).write(to: URL(filePath: directory.text + "/remote/result"))
        _ = try await SyncEngine.pull(from: .sandbox(endpoint), to: workspace, options: options)
        #expect(try Tree(reading: remote).differences(from: Tree(reading: workspace), aspects: [.modes]).isEmpty)
        #expect(try Tree(reading: directory.path("temporary")).paths.isEmpty)
    }

    @Test("has a client that conforms", arguments: SandboxConformance.Check.allCases)
    func conforms(check: SandboxConformance.Check) async throws {
        let sandbox = PlainSandbox(name: "local://here", client: LocalClient())
        try await SandboxConformance(sandbox).verify(check)
    }
}
