import FerryArchive
import FerryCore
import FerryTesting
import FerryTransport
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import FerryEngine

@Suite("Reading from a sandbox")
struct RemoteSendTests {
    private static var tree: Tree {
        let time = Timestamp(seconds: 1_600_000_000, nanoseconds: 500_000_000)
        var tree: Tree = [
            "dir/file": .file("content", mtime: time), "dir/other": .file("not asked for"), "link": .link("no/where"),
            "first": .file("two names"), "second": .hardLink("first"), "empty": .directory(),
        ]
        for name in oddNames { tree[TreePath(name)] = TreeEntry(.file(Array("odd".utf8), hasHoles: false)) }
        return tree
    }

    @Test(
        "exactly what is asked for comes, whatever the names and the tar", arguments: Machine.available,
        [
            Compression.none, .gzip,
        ])
    func chosen(machine: Machine, compression: Compression) throws {
        let world = try RemoteWorld(machine, remote: Self.tree)
        let paths = oddNames + ["dir", "dir/file", "link", "first", "second", "empty"].map { Array($0.utf8) }
        let (members, outcome) = try world.fetch(paths, compression: compression)
        #expect(Set(members.keys) == Set(paths))
        #expect(outcome.status == 0, "\(displayName(of: outcome.messages))")
        #expect(members[Array("dir".utf8)]?.kind == .directory)
        #expect(members[Array("link".utf8)]?.kind == .symlink(target: Array("no/where".utf8)))
        let file = try #require(members[Array("dir/file".utf8)])
        #expect(file.kind == .file && file.size == 7 && file.mtime.seconds == 1_600_000_000)
        guard machine.keepsSubseconds else { return }
        // Names that are not UTF-8 cost the whole archive its nanoseconds.
        let valid = paths.filter { String(validating: $0, as: UTF8.self) != nil }
        let precise = try world.fetch(valid, compression: compression).members
        #expect(Set(precise.keys) == Set(valid))
        #expect(precise[Array("dir/file".utf8)]?.mtime.nanoseconds == 500_000_000)
    }

    @Test(
        "names that have vanished or cannot be read are missing and told, and the rest comes",
        arguments: [
            Machine.dash, .bsdtar, .busybox,
        ])
    func vanished(machine: Machine) throws {
        let world = try RemoteWorld(machine, remote: ["a": .file("a"), "c": .file("c")])
        let (members, outcome) = try world.fetch(["a", "b", "c"].map { Array($0.utf8) })
        #expect(Set(members.keys) == [Array("a".utf8), Array("c".utf8)])
        #expect(outcome.status != 0 && String(decoding: outcome.messages, as: UTF8.self).contains("b"))
    }

    @Test("nothing asked for is an empty archive", arguments: [Machine.dash, .bsdtar, .busybox])
    func nothing(machine: Machine) throws {
        #expect(try RemoteWorld(machine, remote: ["a": .file("a")]).fetch([]).members.isEmpty)
    }

    @Test("more names than a command line holds come as one archive", arguments: [Machine.dash, .busybox])
    func many(machine: Machine) throws {
        let world = try RemoteWorld(machine, remote: [:])
        let remote = String(decoding: world.remote, as: UTF8.self)
        _ = try Tool.run(
            "/bin/sh",
            [
                "-c", "cd \"$0\"; seq -f 'a rather long name of a file %.0f' 1 20000 | tr '\\n' '\\0' | xargs -0 touch",
                remote,
            ])
        let paths = (1...20_000).map { Array("a rather long name of a file \($0)".utf8) }
        for compression in [Compression.none, .gzip] {
            let (members, outcome) = try world.fetch(paths, compression: compression)
            #expect(members.count == 20_000 && outcome.status == 0)
        }
    }

    @Test("an archive that is cut is never taken for whole, wherever the cut is and whatever the status says")
    func cut() throws {
        let world = try RemoteWorld(remote: ["a": .file("a"), "b": .file("b")])
        // The probe's answer goes first; the cuts are in what follows.
        for limit in [1, 512, 1_024, 10_240 - 1, 10_240, 10_241, 10_240 + 40] {
            let session = try RemoteSession.open(
                CutSandbox(world.sandbox, limit: limit), root: .absolute(world.remote))
            let source = try session.send([Array("a".utf8), Array("b".utf8)])
            var reader = ArchiveReader(source: source)
            #expect(throws: ArchiveError.self, "\(limit)") { while try reader.next() != nil {} }
            #expect(reader.evidence == nil)
        }
    }

    @Test("an archive with something behind its trailer, or sent twice, is refused")
    func duplicated() throws {
        let world = try RemoteWorld(remote: ["a": .file("a")])
        let session = try RemoteSession.open(
            CutSandbox(world.sandbox, limit: .max, repeats: true), root: .absolute(world.remote))
        let source = try session.send([Array("a".utf8)])
        var reader = ArchiveReader(source: source)
        #expect(throws: ArchiveError.self) { while try reader.next() != nil {} }
    }

    @Test("whoever stops the session wakes the reader")
    func stopped() throws {
        let world = try RemoteWorld(remote: ["a": .file(bytes: [UInt8](repeating: 1, count: 1 << 20))])
        let session = try world.open()
        let stop = session.stopper
        let source = try session.send([Array("a".utf8)])
        var reader = ArchiveReader(source: source)
        _ = try reader.next()
        stop()
        let error = #expect(throws: ArchiveError.self) { while try reader.next() != nil {} }
        #expect((error?.cause as? TransportError)?.code == .cancelled)
    }
}

/// A sandbox whose output is cut after some bytes of what follows the probe, with status 0, or comes twice.
struct CutSandbox: Sandbox {
    let inner: ShellSandbox
    let limit: Int
    let repeats: Bool
    var name: String { inner.name }
    var capabilities: SandboxCapabilities { inner.capabilities }

    init(_ inner: ShellSandbox, limit: Int, repeats: Bool = false) {
        self.inner = inner
        self.limit = limit
        self.repeats = repeats
    }

    func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        CutProcess(try inner.start(command), limit: limit, repeats: repeats)
    }
}

final class CutProcess: SandboxProcess {
    private struct State {
        var left: Int
        var isProbed = false
        var seen: [UInt8] = []
        var hasRepeated = false
    }

    private let inner: any SandboxProcess
    private let repeats: Bool
    private let state: Mutex<State>

    init(_ inner: any SandboxProcess, limit: Int, repeats: Bool) {
        self.inner = inner
        self.repeats = repeats
        state = Mutex(State(left: limit))
    }

    func write(_ bytes: Span<UInt8>) throws(TransportError) { try inner.write(bytes) }
    func closeInput() throws(TransportError) { try inner.closeInput() }
    func terminate() { inner.terminate() }

    func wait() throws(TransportError) -> SandboxExit {
        inner.terminate()
        _ = try inner.wait()
        return SandboxExit(status: 0)
    }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        if state.withLock({ $0.isProbed && $0.left <= 0 }) { return 0 }
        let count = try inner.read(into: &buffer)
        var bytes: [UInt8] = []
        for index in 0..<count { bytes.append(buffer[index]) }
        let taken = state.withLock { (state: inout State) -> [UInt8] in
            guard state.isProbed else {
                state.seen += bytes
                state.isProbed = state.seen.suffix(7).elementsEqual(Array(" ready".utf8) + [0])
                if state.isProbed { state.seen = [] }
                return bytes
            }
            state.seen += bytes
            if bytes.isEmpty, repeats, !state.hasRepeated {
                state.hasRepeated = true
                return Array(state.seen.suffix(512))
            }
            let taken = Array(bytes.prefix(state.left))
            state.left -= taken.count
            return taken
        }
        for index in taken.indices { buffer[index] = taken[index] }
        return taken.count
    }
}
