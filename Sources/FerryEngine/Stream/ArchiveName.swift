import FerryArchive

/// What an archive's name says about its compression.
enum ArchiveName {
    private static let suffixes: [(String, Compression)] = [
        (".gz", .gzip), (".tgz", .gzip), (".zst", .zstd), (".tzst", .zstd), (".xz", .xz), (".txz", .xz),
    ]

    /// The compression that an archive of this name is written with.
    ///
    /// When one is read, its first bytes decide.
    static func compression(of path: [UInt8]) -> Compression {
        suffixes.first { path.count > $0.0.utf8.count && path.suffix($0.0.utf8.count).elementsEqual($0.0.utf8) }?.1
            ?? .none
    }
}
