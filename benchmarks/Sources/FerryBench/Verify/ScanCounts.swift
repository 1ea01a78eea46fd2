import FoundationEssentials

/// The counts that `ferry bench scan` prints, checked against the tree that was generated.
struct ScanCounts: Decodable {
    var files: Int
    var directories: Int
    var symlinks: Int

    /// - Throws: when the JSON lacks a count or a count is wrong.
    static func check(_ printed: String, against tree: TreeSummary) throws {
        guard let counts = try? JSONDecoder().decode(ScanCounts.self, from: Data(printed.utf8)) else {
            throw BenchError("scan printed no JSON with files, directories and symlinks: \(printed.prefix(200))")
        }
        guard counts.files == tree.files, counts.directories == tree.directories, counts.symlinks == tree.links else {
            throw BenchError(
                "scan counted \(counts.files) files, \(counts.directories) directories, \(counts.symlinks) links, not "
                    + "\(tree.files), \(tree.directories), \(tree.links)")
        }
    }
}
