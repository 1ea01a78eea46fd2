import FerryCore
import FerryEngine
import Foundation
import TestSupport
import Testing

@Suite("Cut archives")
struct CutArchiveTests {
    /// Members that would replace, add and, with a mirror, delete.
    private static let whole = archive {
        $0.member("kept.txt", content: "replaced")
        $0.member("new", type: "5", mode: 0o755)
        $0.member("new/small", content: String(repeating: "small ", count: 150))
        $0.pax([("path", Array("new/\u{E9}".utf8)), ("mtime", Array("1.5".utf8))])
        $0.member("x", content: "pax")
        $0.long("L", Array("new/".utf8) + [UInt8](repeating: 0x6C, count: 200) + [0])
        $0.member("cut", content: "long")
        $0.member("new/link", type: "2", link: "small")
        $0.member("new/other", type: "1", link: "new/small")
        $0.member(Array("large".utf8), content: [UInt8](repeating: 9, count: 300 << 10))
    }

    /// Every block boundary of the headers and of a part of the large content, a byte beside each, and some odd ones.
    private static var lengths: [Int] {
        let blocks = Array(stride(from: 0, to: whole.count, by: 512)).filter {
            $0 < 12_000 || $0 % 25_600 == 0 || $0 > 317_000
        }
        return blocks.flatMap { [$0, $0 + 1, $0 + 511] }.filter { $0 < whole.count } + [333, 4_097, whole.count - 513]
    }

    @Test("nothing of an archive is applied when it ends at any boundary before its end", arguments: [false, true])
    func everyBoundary(mirrors: Bool) async throws {
        let world = try TestWorld()
        let before = try world.digest()
        var options = SyncOptions()
        options.conflicts = .takeRemote
        options.mirrors = mirrors
        options.overrides.allowed = [.massDelete]
        options.threads = 2
        let file = Array(world.path("io/a.tar").utf8)
        for length in Self.lengths {
            try world.write("io/a.tar", Array(Self.whole[..<length]))
            do {
                try await SyncEngine.pull(from: .archive(file), to: Array(world.workspace.utf8), options: options)
                Issue.record("\(length) of \(Self.whole.count) was taken for complete")
            } catch {
                #expect(error.code == .unsafeArchive, "\(length): \(error)")
                #expect(error.message.contains("not changed"), "\(length): \(error)")
            }
            // Cheap for every length: the entries that the archive would change. All of it at the end.
            #expect(!world.exists("world/ws/new") && world.text("world/ws/kept.txt") == "kept", "\(length)")
        }
        #expect(try world.digest() == before)
        try world.write("io/a.tar", Self.whole)
        try await SyncEngine.pull(from: .archive(file), to: Array(world.workspace.utf8), options: options)
        #expect(world.text("world/ws/kept.txt") == "replaced" && world.exists("world/ws/large"))
    }

    @Test("a stream from standard input that is cut is refused like a file")
    func standardInput() throws {
        let world = try TestWorld()
        for length in [0, 512, Self.whole.count - 1_024, Self.whole.count - 512] {
            try expectUnchanged(
                ["sync", "pull", "-", "world/ws"], status: 10,
                naming: ["see whether the command", "the workspace was not changed"], in: world,
                input: Array(Self.whole[..<length]), note: "\(length)")
        }
    }

    @Test("a push whose stream is cut by its reader's end does not make a workspace of what came through")
    func pipeline() throws {
        let world = try TestWorld()
        try world.write("world/ws/large", [UInt8](repeating: 5, count: 3 << 20))
        try world.makeDirectory("world/other")
        let script = "set -o pipefail; \"$0\" sync push world/ws - | head -c 1000000 | \"$0\" sync pull - world/other"
        let run = try FerryRun.startShell(script, in: world).wait()
        #expect(run.status != 0)
        #expect(run.errors.contains("cut") && run.errors.contains("whoever read it has gone"), "\(run.errors)")
        #expect(try world.digest(of: "world/other").split(separator: "\n").count == 1)
    }
}
