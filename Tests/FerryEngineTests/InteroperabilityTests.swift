import FerryCore
import FerryEngine
import FerryTesting
import Foundation
import Testing

/// Other tars take what Ferry writes, without a word, and Ferry takes what they write.
@Suite("Other tars")
struct InteroperabilityTests {
    /// A tar that unpacks a file into the working directory.
    struct Reader: Sendable, CustomTestStringConvertible {
        var name: String
        var program: String
        var arguments: [String]
        /// Whether it takes nanoseconds and negative owners from extended headers.
        var keepsNanoseconds = true
        var testDescription: String { name }
    }

    static let readers = [
        Reader(name: "GNU tar", program: "tar", arguments: ["-xpf"]),
        Reader(name: "bsdtar", program: "bsdtar", arguments: ["-xpf"]),
        Reader(
            name: "BusyBox", program: "sh", arguments: ["-c", "umask 0; exec busybox tar -xpf \"$1\"", "sh"],
            keepsNanoseconds: false),
        Reader(
            name: "Python", program: "python3",
            arguments: [
                "-W", "error", "-c",
                """
                import sys, tarfile
                trusted = {'filter': 'fully_trusted'} if hasattr(tarfile, 'fully_trusted_filter') else {}
                with tarfile.open(sys.argv[1], errorlevel=2) as archive: archive.extractall('.', **trusted)
                """,
            ], keepsNanoseconds: false),
    ]

    @Test("every tar unpacks a stream of Ferry's silently and exactly", arguments: readers)
    func readStream(reader: Reader) async throws {
        for seed in UInt64(1)...12 {
            let pair = try Pair(Self.tree(seed, reader))
            let stream = pair.directory.path("stream.tar")
            try await Self.pushToStandardOutput(pair.workspace, into: stream)
            let result = try run(
                reader.program, reader.arguments + [String(decoding: stream, as: UTF8.self)],
                in: String(decoding: pair.sandbox, as: UTF8.self))
            #expect(result.isSilent, "seed \(seed): \(result)")
            let aspects: TreeAspects = reader.keepsNanoseconds ? .standard : [.modes, .hardLinks]
            try pair.expectSame(seed, aspects: reader.name == "Python" ? [.modes, .hardLinks] : aspects)
            let flags = reader.keepsNanoseconds ? "-rlptHni" : "-rlpHni"
            #expect(try rsyncDifferences(pair.workspace, pair.sandbox, flags: flags).isEmpty, "seed \(seed)")
        }
    }

    /// How a peer writes an archive.
    struct Writer: Sendable, CustomTestStringConvertible {
        var name: String
        var command: String
        /// Formats without extended headers keep whole seconds and short names only.
        var isPlain = true
        var testDescription: String { name }
    }

    static let writers = [
        Writer(name: "old GNU", command: "tar --format=gnu -cf ../a ."),
        Writer(name: "ustar", command: "tar --format=ustar -cf ../a ."),
        Writer(name: "v7", command: "tar --format=v7 -cf ../a ."),
        Writer(name: "pax", command: "tar --format=posix -cf ../a .", isPlain: false),
        Writer(
            name: "pax, without ./", command: "ls -A -U --zero | tar --format=posix --null -T - -cf ../a",
            isPlain: false),
        Writer(name: "pax, gzip", command: "tar --format=posix -czf ../a .", isPlain: false),
        Writer(name: "pax, zstd", command: "tar --format=posix --zstd -cf ../a .", isPlain: false),
        Writer(name: "pax, xz", command: "tar --format=posix -cJf ../a .", isPlain: false),
        Writer(name: "pax with holes", command: "tar --format=posix -S -cf ../a .", isPlain: false),
        Writer(
            name: "bsdtar pax", command: "LC_ALL=C.UTF-8 bsdtar --format=pax -cf ../a . 2>../warnings", isPlain: false),
        Writer(name: "bsdtar ustar", command: "bsdtar --format=ustar -cf ../a ."),
        Writer(name: "BusyBox", command: "busybox tar -cf ../a ."),
        Writer(
            name: "Python",
            command: "python3 -c 'import tarfile\nwith tarfile.open(\"../a\", \"w\") as t: t.add(\".\")'"),
    ]

    @Test("Ferry takes back what every tar writes", arguments: writers)
    func takeBack(writer: Writer) async throws {
        for seed in UInt64(21)...26 {
            var shape = RandomTree.Shape()
            shape.hasNanoseconds = !writer.isPlain
            shape.hasHoles = !writer.isPlain
            shape.hasOddNames = writer.name == "old GNU" || !writer.isPlain
            // The pax format holds UTF-8 only. GNU tar writes other bytes all the same, without the record that says so.
            let tree = RandomTree(seed: seed, shape: shape).make().filter { path, entry in
                if case .link(let target) = entry.kind, writer.isPlain, target.count > 90 { return false }
                return writer.isPlain || String(validating: path.bytes, as: UTF8.self) != nil
            }
            let pair = try Pair(tree)
            let result = try run(
                "bash", ["-o", "pipefail", "-c", writer.command], in: String(decoding: pair.workspace, as: UTF8.self))
            try #require(result.status == 0, "seed \(seed): \(result)")
            try await SyncEngine.pull(
                from: .archive(pair.directory.path("a")), to: pair.sandbox, options: .unreviewed)
            var aspects: TreeAspects = .standard
            if writer.name == "bsdtar ustar" { aspects.remove(.hardLinks) }
            if writer.name == "Python" { aspects = [.modes, .hardLinks] }
            try pair.expectSame(seed, aspects: aspects)
        }
    }

    @Test("a stream holds no ./ member, no owner of the source's by name and no extended attributes")
    func plainHeaders() async throws {
        let pair = try Pair(["a": .file("x"), "d": .directory(["b": .link("../a")])])
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        let text = String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: String(decoding: archive, as: UTF8.self))),
            as: UTF8.self)
        #expect(!text.contains("./\0") && !text.contains("SCHILY.xattr") && !text.contains("LIBARCHIVE.xattr"))
        let names = try run("tar", ["-tf", String(decoding: archive, as: UTF8.self)]).output
        #expect(names == "a\nd/\nd/b\n")
    }

    @Test("names of 100 and 101 bytes and a link target of 4,095 bytes pass through every tar", arguments: readers)
    func longNames(reader: Reader) async throws {
        var tree: Tree = ["link": .link(String(repeating: "t", count: 4095))]
        for count in [99, 100, 101, 155, 156, 255] {
            tree[TreePath([UInt8](repeating: UInt8(ascii: "x"), count: count))] = TreeEntry(.file([1], hasHoles: false))
        }
        let deep = Array((0..<30).map { "directory-\($0)" }.joined(separator: "/").utf8)
        tree[TreePath(deep)] = TreeEntry(.file([2], hasHoles: false))
        let pair = try Pair(tree)
        let stream = pair.directory.path("stream.tar")
        try await Self.pushToStandardOutput(pair.workspace, into: stream)
        let result = try run(
            reader.program, reader.arguments + [String(decoding: stream, as: UTF8.self)],
            in: String(decoding: pair.sandbox, as: UTF8.self))
        #expect(result.isSilent, "\(result)")
        try pair.expectSame(0)
    }

    private static func tree(_ seed: UInt64, _ reader: Reader) -> Tree {
        var shape = RandomTree.Shape()
        shape.hasNanoseconds = reader.keepsNanoseconds
        // Not every tar can fill a directory that its user may not write to.
        shape.hasOddModes = geteuid() == 0
        // bsdtar takes a drive letter off, and says so.
        return RandomTree(seed: seed, shape: shape).make().filter { path, _ in
            reader.name != "bsdtar" || !path.bytes.contains(UInt8(ascii: ":"))
        }
    }

    /// Standard output belongs to the whole process, so this happens in one of its own.
    static func pushToStandardOutput(_ workspace: [UInt8], into file: [UInt8]) async throws {
        await #expect(processExitsWith: .success) { [workspace, file] in
            let path = file.map(CChar.init(bitPattern:)) + [0]
            let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            precondition(descriptor >= 0 && dup2(descriptor, STDOUT_FILENO) >= 0)
            try await SyncEngine.push(workspace, to: .standardStream)
        }
    }
}
