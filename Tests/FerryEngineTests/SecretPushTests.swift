import FerryCore
import FerryEngine
import FerryTesting
import FerryTransport
import TestSupport
import Testing

/// A push says what looks like a secret, or stops because of it.
@Suite("Secrets before a push")
struct SecretPushTests {
    /// Where a push goes.
    enum Way: String, Sendable, CaseIterable {
        case directory, archive, shell
    }

    private static let token = "gh" + "p_" + "q7ZkT2mDp9Xw4Rt6vBsYhN3cJfLg8Aq7ZkT2"

    private static let tree: Tree = [
        ".env": .file("X=1"), ".env.example": .file("X="), "src/config.js": .file("const t = '\(token)';\n"),
        "src/clean.js": .file("nothing"), "deep/er/id_rsa": .file("key"),
        "large": .file(String(repeating: "x", count: 70_000) + " " + token),
        "certs/public.pem": .file("-----BEGIN CERTIFICATE-----\nMIIB"), ".npmrc": .file("_authToken=${TOKEN}\n"),
        "excluded/.env": .file("Y=1"),
    ]
    private static let expected = [".env", "deep/er/id_rsa", "src/config.js"]

    private struct World {
        let pair: Pair
        let endpoint: Endpoint
        var options = SyncOptions()

        init(_ way: Way, _ policy: SecretPolicy) throws {
            pair = try Pair(SecretPushTests.tree)
            options.stateDirectory = pair.directory.path("state")
            options.rules = .excluding("excluded/")
            options.secrets = policy
            let sandbox = pair.sandbox
            endpoint =
                switch way {
                case .directory: .directory(sandbox)
                case .archive: .archive(pair.directory.path("a.tar"))
                case .shell:
                    .sandbox(
                        SandboxEndpoint(target: Array("test://here".utf8), root: SandboxPath(absolute: sandbox)) {
                            ShellSandbox()
                        })
                }
        }

        func push() async throws(SyncError) -> SyncReport {
            try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
        }
    }

    private static func found(_ report: SyncReport) -> [String] {
        report.problems.filter { $0.code == .secret }.map { displayName(of: $0.path) }.sorted()
    }

    @Test(
        "by default each is named once, with its rule and without its value, and all is sent", arguments: Way.allCases)
    func warn(way: Way) async throws {
        let world = try World(way, .warn)
        #expect(SyncOptions().secrets == .warn)
        let report = try await world.push()
        #expect(Self.found(report) == Self.expected)
        let messages = report.problems.map(\.message)
        #expect(messages.contains { $0.contains("(github-token)") } && messages.contains { $0.contains("(env-file)") })
        #expect(!messages.contains { $0.contains(Self.token) })
        #expect(report.summary.created == world.pair.tree.entries.count - 2)
        guard way != .archive else { return }
        #expect(try Tree(reading: world.pair.sandbox).entries.count == world.pair.tree.entries.count - 2)
        // What is there already is not looked at again.
        #expect(Self.found(try await world.push()).isEmpty)
    }

    @Test("a push that blocks stops before any change and names them all", arguments: Way.allCases)
    func block(way: Way) async throws {
        let world = try World(way, .block)
        let error = await failure { () throws(SyncError) in try await world.push() }
        #expect(
            error?.code == .secrets && error?.message.contains("3 files look like secrets") == true, "\(error as Any)")
        #expect(error?.examples.map { displayName(of: $0) } == Self.expected)
        #expect(error?.message.contains(Self.token) == false)
        #expect(try Tree(reading: world.pair.sandbox).entries.isEmpty)
        let names = try Tree(reading: world.pair.directory.path).paths.map(\.description)
        #expect(!names.contains("a.tar"))
    }

    @Test("without secrets among what is sent, nothing stops", arguments: Way.allCases)
    func clean(way: Way) async throws {
        var world = try World(way, .block)
        world.options.rules = .excluding("excluded/\n.env\nid_rsa\nconfig.js")
        let report = try await world.push()
        #expect(report.problems.isEmpty, "\(report.problems)")
    }

    @Test("a dry run tells the same and a push that does not look tells nothing", arguments: Way.allCases)
    func dryRunAndOff(way: Way) async throws {
        var world = try World(way, .warn)
        world.options.isDryRun = true
        #expect(Self.found(try await world.push()) == Self.expected)
        world.options.secrets = .block
        let dry = world
        #expect(await failure { () throws(SyncError) in try await dry.push() }?.code == .secrets)
        world.options.secrets = .off
        #expect(Self.found(try await world.push()).isEmpty)
        world.options.isDryRun = false
        #expect(Self.found(try await world.push()).isEmpty)
    }

    @Test("only what a later push sends is looked at")
    func laterPush() async throws {
        var world = try World(.directory, .off)
        _ = try await world.push()
        world.options.secrets = .block
        _ = try await world.push()
        _ = try run(
            "sh", ["-c", "echo more >>src/clean.js; echo more >>src/config.js"],
            in: String(decoding: world.pair.workspace, as: UTF8.self))
        let later = world
        let error = await failure { () throws(SyncError) in try await later.push() }
        #expect(error?.examples == [Array("src/config.js".utf8)])
    }
}
