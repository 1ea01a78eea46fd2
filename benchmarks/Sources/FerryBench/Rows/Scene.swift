/// The paths that one run of a subject works with.
struct Scene: Sendable {
    /// The program under test.
    var ferry: String
    /// The source tree.
    var tree: String
    /// The source tree as a tar file, for the rows that read one.
    var tarball: String
    /// The same, compressed with zstd, for the rows that read that.
    var compressed = ""
    /// An existing directory to fill.
    var destination: String
    /// Small trees to be brought along.
    var assets: [String] = []
    /// What runs a shell in a sandbox that is a child process.
    var command = ["env"]
    /// What stands for `ssh` in commands: it knows the server's keys.
    var shell = "ssh"
    /// The server's port on the loopback interface; zero where there is no server.
    var port = 0
    /// A file with the request of a managed runtime: the tree as the workspace, the destination as the sandbox.
    var request = ""

    /// A command's text with these paths replaced by what they stand for.
    func anonymous(_ text: String) -> String {
        var text = text
        let names =
            [
                (compressed, "TREE.tar.zst"), (tarball, "TREE.tar"), (request, "REQUEST"), (destination, "DEST"),
                (tree, "TREE"),
            ]
            + assets.enumerated().map { ($1, "ASSET\($0 + 1)") } + [(shell, "ssh")]
        for (path, name) in names where !path.isEmpty {
            text = text.split(separator: path, omittingEmptySubsequences: false).joined(separator: name)
        }
        return text
    }
}

extension Scene {
    /// What adapters keep in a sandbox; no part of the workspace.
    static let runtimeDirectory = ".ferry-runtime"

    /// The destinations of a row that has several.
    func copies(_ count: Int) -> [String] { (1...count).map { "\(destination)/\($0)" } }

    /// The assets' keys, as the origin's way takes them: below the adapter's directory, where Ferry brings them too.
    var assetKeys: [String] { assets.indices.map { "\(RuntimeRequest.adapter)/asset\($0 + 1)" } }

    /// Where the assets go.
    var assetPlaces: [String] { assetKeys.map { "\(destination)/\(Scene.runtimeDirectory)/\($0)" } }
}
