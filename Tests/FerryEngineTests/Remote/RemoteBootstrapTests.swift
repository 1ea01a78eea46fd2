import FerryCore
import FerryTesting
import FerryTransport
import Glibc
import TestSupport
import Testing

@testable import FerryEngine

@Suite("A program that is longer than a command may be")
struct RemoteBootstrapTests {
    private static let limit = 512

    @Test("it goes by standard input, and the session is like any other", arguments: Machine.available)
    func session(machine: Machine) throws {
        let world = try RemoteWorld(machine, ["a": .file("a"), "d/b": .file("b")])
        let open = { try world.open { $0.capabilities.longestCommand = Self.limit } }
        let session = try open()
        #expect(try session.list().snapshot.entryCount == 0)
        session.close()
        try world.push()
        let again = try open()
        #expect(try again.list().snapshot.entryCount == 3)
        #expect(try again.digests(of: [Array("a".utf8)]).compactMap(\.self).count == 1)
        again.close()
    }

    @Test(
        "a path of any bytes arrives", arguments: [Machine.dash, .bash, .busybox],
        ["LC_ALL=C", "LC_ALL=C.UTF-8"])
    func path(machine: Machine, locale: String) throws {
        let world = try RemoteWorld(machine)
        let name = Array("' \\ $x `y`\n= -n\n".utf8) + [0xC3, 0x0A, 0xE2, 0x82, 0x0A, 0xFF]
        var tree: Tree = [:]
        tree[TreePath(name + Array("/in".utf8))] = TreeEntry(.file([], hasHoles: false))
        let remote = try world.directory.directory("odd", tree) + [0x2F] + name
        var sandbox = world.sandbox
        sandbox.capabilities.longestCommand = Self.limit
        sandbox.environment.append(locale)
        let session = try RemoteSession.open(sandbox, root: .absolute(remote), deadline: .seconds(60))
        #expect(try session.list().snapshot.entryCount == 1)
        session.close()
    }

    @Test("half a program is none: nothing of it is run")
    func cut() throws {
        let nonce = RemoteNonce()
        let text = RemoteBootstrap.text(nonce: nonce)
        #expect(text.count <= Self.limit)
        let whole = RemoteBootstrap.input(Array("echo ran\n".utf8), nonce: nonce)
        for shell in [["/bin/dash", "-c"], ["/bin/bash", "-c"], ["/usr/bin/busybox", "sh", "-c"]] {
            for count in [0, 4, whole.count - 2, whole.count] {
                let process = try ShellSandbox(shell).start(SandboxCommand(text, purpose: "a test"))
                _ = try? process.write(Array(whole.prefix(count)).span)
                try process.closeInput()
                var output = [UInt8](repeating: 0, count: 100)
                var room = output.mutableSpan
                let read = try process.read(into: &room)
                #expect(output.prefix(read).elementsEqual(count == whole.count ? Array("ran\n".utf8) : []))
                #expect(try process.wait().status == (count == whole.count ? 0 : 66))
            }
        }
    }

    @Test("a transport whose commands are too short even for that is refused")
    func tooShort() throws {
        let world = try RemoteWorld()
        let error = #expect(throws: TransportError.self) {
            try world.open { $0.capabilities.longestCommand = 64 }
        }
        #expect(error?.code == .unsupported)
    }
}
