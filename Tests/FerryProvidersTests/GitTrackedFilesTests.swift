import FerryCore
import FerryProviders
import Foundation
import Testing

@Suite("Files that git tracks")
struct GitTrackedFilesTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "ferry-git-\(UUID().uuidString)")

    private func git(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git", "-C", directory.path] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    private func paths() async throws -> [String]? {
        let paths = try await GitTrackedFiles.paths(in: Array(directory.path.utf8))
        return paths?.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test("Only what is in the index is listed, ignored or not")
    func tracked() async throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for name in ["a.o", "b.o", "with\nline feed"] { try Data().write(to: directory.appending(path: name)) }
        try Data("*.o\n".utf8).write(to: directory.appending(path: ".gitignore"))
        try git("init", "-q")
        try git("add", "-f", "a.o", "with\nline feed")
        #expect(try await paths() == ["a.o", "with\nline feed"])
    }

    @Test("Outside of a work tree there is no answer, and no error")
    func noRepository() async throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(try await paths() == nil)
    }

    @Test("A damaged index is an error that says what to do")
    func damaged() async throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try git("init", "-q")
        try Data("no index".utf8).write(to: directory.appending(path: ".git/index"))
        let error = await #expect(throws: GitError.self) { _ = try await paths() }
        #expect(error?.description.contains("--gitignore") == true)
    }
}
