/// Tells from its first bytes what an archive is, and names what is refused.
enum FormatSniffer {
    /// Decides how an archive is compressed.
    ///
    /// A block that is a tar header counts as one whatever its name looks like: the first bytes of a tar are a file's name.
    static func compression(of bytes: Span<UInt8>) throws(ArchiveError) -> Compression {
        guard !bytes.isEmpty else {
            throw ArchiveError(
                .truncated, "reading the archive", position: 0, reason: "there is nothing, not even an end marker",
                advice: "see whether the command that makes the archive failed")
        }
        if bytes.count >= TarBlock.size {
            let block = bytes.extracting(0..<TarBlock.size)
            if TarBlockReader.isZero(block) || TarBlockReader.hasRightChecksum(block) { return .none }
        }
        for (magic, compression) in readable where starts(bytes, with: magic) { return compression }
        for (magic, name) in refused where starts(bytes, with: magic) {
            throw ArchiveError(
                .unsupported, "reading the archive", position: 0, reason: "it is in the \(name) format",
                advice: "make a tar, plain or compressed with gzip, zstd or xz")
        }
        return .none
    }

    private static let readable: [([UInt8], Compression)] = [
        ([0x1F, 0x8B], .gzip),
        ([0x28, 0xB5, 0x2F, 0xFD], .zstd),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .xz),
    ]

    private static let refused: [([UInt8], String)] = [
        (Array("BZh".utf8), "bzip2"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"),
        ([0x02, 0x21, 0x4C, 0x18], "lz4"),
        ([0x1F, 0x9D], "compress (.Z)"),
        ([0x1F, 0xA0], "compress (.Z)"),
        (Array("LZIP".utf8), "lzip"),
        ([0x5D, 0x00, 0x00], "lzma"),
        ([0x89, 0x4C, 0x5A, 0x4F], "lzop"),
        (Array("LRZI".utf8), "lrzip"),
        (Array("PK\u{3}\u{4}".utf8), "zip"),
        (Array("PK\u{5}\u{6}".utf8), "zip"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7-Zip"),
        (Array("Rar!".utf8), "RAR"),
        (Array("070701".utf8), "cpio"),
        (Array("070702".utf8), "cpio"),
        (Array("070707".utf8), "cpio"),
        ([0xC7, 0x71], "cpio"),
        ([0x71, 0xC7], "cpio"),
        (Array("!<arch>".utf8), "ar"),
        (Array("xar!".utf8), "xar"),
        ([0xED, 0xAB, 0xEE, 0xDB], "RPM"),
        (Array("begin ".utf8), "uuencode"),
        (Array("#mtree".utf8), "mtree"),
    ]

    private static func starts(_ bytes: Span<UInt8>, with magic: [UInt8]) -> Bool {
        guard bytes.count >= magic.count else { return false }
        for index in magic.indices where bytes[index] != magic[index] { return false }
        return true
    }
}
