import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTesting
import FerryThreads
import FerryTransport
import Glibc
import TestSupport
import Testing

@testable import FerryEngine

/// What a sandbox has: which shell, which tools, who runs them.
enum Machine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case dash, bash, busybox, gnuTools, pythonOnly, perlOnly, statOnly, bsdtar, plainUser, plainBusybox

    var testDescription: String { rawValue }

    /// Those that can run here: only root can become somebody else.
    static let available: [Machine] = allCases.filter { getuid() == 0 || ![.plainUser, .plainBusybox].contains($0) }

    private static let plain = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

    /// Makes the sandbox; the tools stay as long as they are held.
    func make() throws -> (sandbox: ShellSandbox, tools: ToolDirectory?) {
        func chosen(
            _ names: [String], renamed: [String: String] = [:], shell: [String] = ["/bin/dash", "-c"]
        ) throws -> (ShellSandbox, ToolDirectory?) {
            let tools = try ToolDirectory(ToolDirectory.common + names, renamed: renamed)
            return (ShellSandbox(shell, path: tools.path), tools)
        }
        // Debian's BusyBox runs its own applets, whatever the search path holds.
        let none = try ToolDirectory([])
        switch self {
        case .dash: return (ShellSandbox(["/bin/dash", "-c"]), nil)
        case .bash: return (ShellSandbox(["/bin/bash", "-c"]), nil)
        case .busybox: return (ShellSandbox(["/usr/bin/busybox", "sh", "-c"], path: none.path), none)
        case .gnuTools: return try chosen(["tar", "find", "stat"])
        case .pythonOnly: return try chosen(["tar", "python3"])
        case .perlOnly: return try chosen(["tar", "perl"])
        // The `find` of BusyBox under another name does not know `-printf`.
        case .statOnly: return try chosen(["tar", "stat"], renamed: ["find": "busybox"])
        case .bsdtar: return try chosen(["find", "stat"], renamed: ["tar": "bsdtar"])
        case .plainUser: return (ShellSandbox(Self.plain + ["/bin/dash", "-c"]), nil)
        case .plainBusybox:
            return (ShellSandbox(Self.plain + ["/usr/bin/busybox", "sh", "-c"], path: none.path), none)
        }
    }

    var isPlain: Bool { self == .plainUser || self == .plainBusybox }
    /// Whether the tar there keeps fractions of seconds.
    var keepsSubseconds: Bool { ![.busybox, .plainBusybox].contains(self) }
}

/// A workspace and a directory in a sandbox.
final class RemoteWorld {
    let directory: TemporaryDirectory
    let sandbox: ShellSandbox
    private let tools: ToolDirectory?
    let workspace: [UInt8]
    let remote: [UInt8]

    init(_ machine: Machine = .dash, _ tree: Tree = [:], remote content: Tree? = [:]) throws {
        directory = try TemporaryDirectory()
        (sandbox, tools) = try machine.make()
        workspace = try directory.directory("workspace", tree)
        remote = directory.path("remote")
        if let content { try directory.directory("remote", content) }
        _ = try Tool.run("/bin/chmod", ["755", directory.text])
        if machine.isPlain, content != nil { PlainUser.give(remote) }
    }

    func open(_ change: (inout ShellSandbox) -> Void = { _ in }) throws -> RemoteSession {
        var sandbox = sandbox
        change(&sandbox)
        return try RemoteSession.open(sandbox, root: .absolute(remote), deadline: .seconds(60))
    }

    /// Pushes the workspace's tree as a whole.
    @discardableResult
    func push(
        _ change: (inout RemoteReceiveRequest) -> Void = { _ in },
        cutAfter limit: Int = .max
    ) throws -> RemoteReceipt {
        let session = try open()
        let root = try RootDirectory.open(workspace)
        let snapshot = try TreeScanner.scan(root, options: ScanOptions()).snapshot
        var request = RemoteReceiveRequest()
        request.listing = .whole
        request.modes = snapshot.allPaths.filter { $0.record.kind == .directory && $0.record.mode & 0o700 != 0o700 }
            .map { ($0.path, $0.record.mode) }
        request.times = snapshot.allPaths.filter { $0.record.kind == .directory || $0.record.kind == .symlink }
            .map { ($0.path, $0.record.mtime) }
        change(&request)
        var stream = PackStream(
            snapshot, root: root, options: SyncOptions(), scope: PackScope(keepsHoles: false),
            cancellation: CancellationFlag(),
            progress: TransferProgress())
        return try session.receive(request) { (sink) throws(PackFailure) in
            guard limit < .max else { return try stream.run(to: &sink) { _, _ in } }
            var cut = CuttingSink(limit: limit)
            try stream.run(to: &cut) { _, _ in }
            try sink.write(cut.bytes.span)
        }
    }

    /// Fetches entries as an archive and tells its members.
    func fetch(
        _ paths: [[UInt8]], compression: Compression = .none, cutAfter limit: Int = .max
    ) throws -> (members: [[UInt8]: ArchiveMember], outcome: RemoteSendOutcome) {
        let session = try open()
        let source = try session.send(paths, compression: compression)
        let (outcome, joins) = (source.outcome, source.joinsArchives)
        var reader = ArchiveReader(source: source, joinsArchives: joins)
        var members: [[UInt8]: ArchiveMember] = [:]
        while let member = try reader.next() { members[member.path.bytes] = member }
        return (members, outcome)
    }

    var leftovers: [String] {
        get throws { try Tree(reading: remote).paths.map(\.description).filter { $0.contains(".ferry") } }
    }
}

/// Takes the first bytes of a stream, as a way that cuts it does.
struct CuttingSink: ~Copyable, PackSink {
    var bytes: [UInt8] = []
    let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func write(_ new: Span<UInt8>) throws(PackFailure) {
        for index in new.indices where bytes.count < limit { bytes.append(new[index]) }
    }

    mutating func splice(from file: borrowing FileHandle, count: Int) throws(PackFailure) -> Int? { nil }
}

extension Snapshot {
    /// All entries with their paths.
    var allPaths: [(path: [UInt8], record: EntryRecord)] {
        var result: [(path: [UInt8], record: EntryRecord)] = []
        var stack = [root]
        while let directory = stack.popLast() {
            for child in children(of: directory) {
                result.append((path(of: child), self[child]))
                if self[child].kind == .directory { stack.append(child) }
            }
        }
        return result
    }
}

/// Names that shells and tools misread.
let oddNames: [[UInt8]] = [
    Array("new\nline".utf8), Array("-rf".utf8), Array("--help".utf8), Array("it's \"quoted\"".utf8),
    Array("$HOME `id` $(id)".utf8), Array("*?[a-z]".utf8), Array("back\\slash\\n".utf8), Array("   ".utf8),
    [0xFF, 0xFE, 0x41],
    Array("C:evil".utf8), Array("=fake listed 0".utf8), Array("!".utf8), Array("%".utf8), Array("@".utf8),
    Array(repeating: UInt8(ascii: "x"), count: 255), Array("tab\there".utf8), Array("\u{E9}".utf8),
    Array("e\u{301}".utf8),
    Array("trailing\n".utf8), Array(" leading".utf8), Array("piece 5".utf8), Array("end".utf8), Array("\r".utf8),
]
