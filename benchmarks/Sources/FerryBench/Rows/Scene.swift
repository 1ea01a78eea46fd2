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

    /// A command's text with these paths replaced by what they stand for.
    func anonymous(_ text: String) -> String {
        var text = text
        for (path, name) in [(tarball, "TREE.tar"), (destination, "DEST"), (tree, "TREE")] where !path.isEmpty {
            text = text.split(separator: path, omittingEmptySubsequences: false).joined(separator: name)
        }
        return text
    }
}
