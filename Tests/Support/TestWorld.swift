package import Foundation

/// A directory for one test that goes when the last reference to it does.
///
/// `world` holds what the test watches: `ws`, the workspace; `sandbox`; and `canary`, which nothing may touch. What the test
/// itself needs, such as archives, lies in `io`.
package final class TestWorld: Sendable {
    package let url: URL
    package let world: URL
    package let io: URL

    /// Makes the directories, the workspace with a few entries of each kind.
    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("ferry-e2e-\(UUID().uuidString)")
        world = url.appendingPathComponent("world")
        io = url.appendingPathComponent("io")
        for name in ["world/ws/dir", "world/sandbox", "world/canary/hooks", "io", "home"] {
            try FileManager.default.createDirectory(
                at: url.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        try write("world/ws/kept.txt", "kept")
        try write("world/ws/dir/inner.txt", "inner")
        try link("world/ws/link", to: "kept.txt")
        try write("world/canary/secret", "secret")
        try write("world/canary/hooks/run", "safe")
    }

    deinit {
        // Entries of mode 0 have to go too, whoever runs this.
        _ = try? Tool.run("/bin/chmod", ["-R", "u+rwX", url.path])
        try? FileManager.default.removeItem(at: url)
    }

    package var root: String { url.path }
    package var workspace: String { world.appendingPathComponent("ws").path }
    package var sandbox: String { world.appendingPathComponent("sandbox").path }
    package var canary: String { world.appendingPathComponent("canary").path }
    package var stateDirectory: String { url.appendingPathComponent("home/.local/state/ferry").path }

    /// A path below the scratch directory.
    package func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    package func write(_ name: String, _ content: String) throws { try write(name, Array(content.utf8)) }

    package func write(_ name: String, _ content: [UInt8]) throws {
        try Data(content).write(to: url.appendingPathComponent(name))
    }

    package func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appendingPathComponent(name), withIntermediateDirectories: true)
    }

    package func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: target)
    }

    package func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// The content of a file as text; nil when there is none.
    package func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The target of a symbolic link; nil when it is none.
    package func linkTarget(_ name: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path(name))
    }

    /// Whether something is at a path, a dangling link included.
    package func exists(_ name: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path(name))) != nil
    }

    /// Everything in a directory: names, kinds, modes, times, sizes, link targets, numbers of names, and content.
    package func digest(of name: String = "world") throws -> String {
        let script = """
            cd "$1" && find . -mindepth 1 -printf '%P|%y|%m|%T@|%s|%l|%n\\n' | LC_ALL=C sort
            find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r cat -- | sha256sum
            """
        let result = try Tool.run("/bin/sh", ["-c", script, "sh", path(name)])
        guard result.status == 0 else { throw Tool.Failure(result: result) }
        // A directory's size says how it is stored, and the time of what holds a workspace changes with
        // every staging area: of `world` itself, and of a disk that is mounted in it.
        return result.text.split(separator: "\n").map { line in
            var fields = line.split(separator: "|", omittingEmptySubsequences: false)
            if fields.count > 6, fields[1] == "d" { fields[4] = "" }
            if fields.count > 6, fields[0] == "disk" { fields[3] = "" }
            return fields.joined(separator: "|")
        }.joined(separator: "\n")
    }
}
