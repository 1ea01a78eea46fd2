import FerryProviders
import FerryTransport
import Foundation
import TestSupport
import Testing

extension DockerEngineTests {
    private func download(_ archives: any SandboxArchives, _ path: String) throws -> [UInt8] {
        let download = try archives.download(Array(path.utf8))
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 70_001)
        while true {
            var room = piece.mutableSpan
            let count = try download.read(into: &room)
            if count == 0 { return result }
            result += piece[..<count]
        }
    }

    /// What GNU tar says of an archive: modes, owners, sizes and names.
    private func listing(_ archive: [UInt8]) throws -> [String] {
        let result = try Tool.run("/bin/tar", ["--numeric-owner", "-tvf", "-"], input: archive)
        #expect(result.status == 0, "\(result.errors)")
        return result.text.split(separator: "\n").map { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            let name = fields[5...].joined(separator: " ")
            // Docker ends a directory's name with a slash, Podman does not.
            return "\(fields[0]) \(fields[1]) \(fields[2]) \(name.hasSuffix("/") ? String(name.dropLast()) : name)"
        }
    }

    @Test(
        "Archives go in and out of a container that never ran, with exact modes and content", arguments: Kind.allCases)
    func archivesOfStopped(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind, start: false)
        let archives = try #require(sandbox.archives)
        let large = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
        var tar = TarBlockBuilder()
        tar.member("dir/", type: "5", mode: 0o700)
        tar.member("dir/script", mode: 0o751, content: "#!/bin/sh\n")
        tar.member(Array("dir/large".utf8), content: large)
        tar.member([0x6E, 0xFF, 0x0A], content: [1])
        let bytes = tar.ended()
        try archives.upload(to: Array("/ws".utf8)) { (write) throws(TransportError) in
            for start in stride(from: 0, to: bytes.count, by: 99_999) {
                try write(bytes.span.extracting(start..<min(start + 99_999, bytes.count)))
            }
        }
        let back = try download(archives, "/ws/dir")
        #expect(
            try listing(back).sorted() == [
                "-rw-r--r-- 0/0 3000001 dir/large", "-rwxr-x--x 0/0 10 dir/script", "drwx------ 0/0 0 dir",
            ])
        let content = try Tool.run("/bin/tar", ["-xOf", "-", "dir/large"], input: back)
        #expect(content.output == large)
        let whole = try listing(try download(archives, "/ws"))
        #expect(whole.contains { $0.hasSuffix("ws/n\\377\\n") }, "\(whole)")
    }

    @Test(
        "New entries take the container's configured user with Podman, and the archive's with Docker",
        arguments: Kind.allCases, ["agent", "1000:1000", "1000"])
    func archiveOwner(kind: Kind, user: String) throws {
        let (sandbox, _, _) = try sandbox(kind, options: ["--user", user])
        var tar = TarBlockBuilder()
        tar.member("mine", content: "x")
        let bytes = tar.ended()
        try sandbox.archives?.upload(to: Array("/ws".utf8)) { (write) throws(TransportError) in try write(bytes.span) }
        let owner = try sandbox.run("stat -c %u:%g /ws/mine").text
        #expect(owner == (kind == .docker ? "0:0\n" : "1000:1000\n"), "\(owner)")
    }

    @Test(
        "A directory is never replaced by a file, and nothing is made above the directory that was named",
        arguments: Kind.allCases)
    func archiveRefusals(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let archives = try #require(sandbox.archives)
        _ = try sandbox.run("mkdir -p /ws/full; echo kept >/ws/full/file")
        func upload(_ bytes: [UInt8], to directory: String) -> TransportError? {
            #expect(throws: TransportError.self) {
                try archives.upload(to: Array(directory.utf8)) { (write) throws(TransportError) in try write(bytes.span)
                }
            }
        }
        var tar = TarBlockBuilder()
        tar.member("full", content: "a file now")
        let replaced = upload(tar.ended(), to: "/ws")
        #expect(replaced?.code == .commandFailed, "\(String(describing: replaced))")
        #expect(try sandbox.run("cat /ws/full/file").text == "kept\n")

        let missing = upload(tar.ended(), to: "/missing/dir")
        #expect(missing?.description.contains("there is no '/missing/dir'") == true, "\(String(describing: missing))")
        #expect(try sandbox.run("ls -d /missing").exit.status != 0)
        let file = upload(tar.ended(), to: "/ws/full/file")
        #expect(file?.description.contains("not a directory") == true, "\(String(describing: file))")
        let corrupt = upload([UInt8](repeating: 0x41, count: 10_240), to: "/ws")
        #expect(corrupt?.code == .commandFailed, "\(String(describing: corrupt))")
        let nothing = #expect(throws: TransportError.self) { try download(archives, "/missing") }
        #expect(nothing?.description.contains("there is no '/missing'") == true, "\(String(describing: nothing))")
    }

    @Test("An upload whose source fails is broken off, and a download can be terminated", arguments: Kind.allCases)
    func archiveBreaks(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let archives = try #require(sandbox.archives)
        var tar = TarBlockBuilder()
        tar.member("begun", content: String(repeating: "x", count: 100_000))
        let bytes = tar.bytes
        let own = TransportError(.noSpace, sandbox: "test", purpose: "the source", reason: "it failed")
        let error = #expect(throws: TransportError.self) {
            try archives.upload(to: Array("/ws".utf8)) { (write) throws(TransportError) in
                try write(bytes.span.extracting(first: 50_000))
                throw own
            }
        }
        #expect(error?.code == .noSpace && error?.sandbox == "test")
        #expect(try sandbox.run("dd if=/dev/zero of=/ws/big bs=1048576 count=16 2>/dev/null").exit.status == 0)
        let download = try archives.download(Array("/ws/big".utf8))
        var piece = [UInt8](repeating: 0, count: 1_000)
        var room = piece.mutableSpan
        #expect(try download.read(into: &room) > 0)
        download.terminate()
        download.terminate()
        let second = #expect(throws: TransportError.self) {
            for _ in 0..<100_000 {
                var room = piece.mutableSpan
                if try download.read(into: &room) == 0 { break }
            }
        }
        #expect(second?.code == .cancelled, "\(String(describing: second))")
        #expect(try sandbox.run("echo alive").text == "alive\n")
    }
}
