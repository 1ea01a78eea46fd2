import FerryCore

/// What the auditor found out about one member, without libarchive.
struct AuditedMember {
    /// Where the first header block of the member begins.
    var headerStart: Int64 = 0
    /// Where its content begins: after the last header block.
    var dataStart: Int64 = 0
    /// The bytes of content in the archive.
    var storedSize: Int64 = 0
    /// The size of the file with its holes.
    var size: Int64 = 0
    var typeFlag: UInt8 = 0
    var name: [UInt8] = []
    var linkTarget: [UInt8] = []
    var mtime = Timestamp(seconds: 0)
    var isSparse = false
    /// Whether the content begins with a sparse map, as in GNU tar's pax form 1.0.
    var hasMapInContent = false
    /// Whether the name and the link come from a pax record, which libarchive normalises.
    var hasPaxName = false
    var hasPaxLink = false

    /// Where the next member begins.
    var end: Int64 { dataStart + storedSize + Int64(TarBlock.padding(after: storedSize)) }
}

/// What the headers before a member's own header say about it.
struct HeaderChain {
    var start: Int64 = 0
    /// The blocks of the chain so far, in bytes.
    var bytes: Int64 = 0
    var extended: PaxHeader?
    var longName: [UInt8]?
    var longLink: [UInt8]?

    var isEmpty: Bool { bytes == 0 }
    /// Whether a header has been seen that belongs to the next member.
    var needsMember: Bool { extended != nil || longName != nil || longLink != nil }
}
