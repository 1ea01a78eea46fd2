/// The paths that one run of a subject works with.
struct Scene: Sendable {
    /// The program under test.
    var ferry: String
    /// The source tree.
    var tree: String
    /// The source tree as a tar file, for the rows that read one.
    var tarball: String
    /// An existing directory to fill.
    var destination: String
    /// Small trees to be brought along.
    var assets: [String] = []
    /// What stands for `ssh` in commands: it knows the server's keys.
    var shell = "ssh"
    /// The server's port on the loopback interface.
    var port = 0

    /// A command's text with these paths replaced by what they stand for.
    func anonymous(_ text: String) -> String {
        var text = text
        let names =
            [(tarball, "TREE.tar"), (destination, "DEST"), (tree, "TREE")]
            + assets.enumerated().map { ($1, "ASSET\($0 + 1)") } + [(shell, "ssh")]
        for (path, name) in names where !path.isEmpty {
            text = text.split(separator: path, omittingEmptySubsequences: false).joined(separator: name)
        }
        return text
    }
}
