public import FerryCore

/// Encodes tar headers, each independent of the one before, so that every thread may have its own encoder.
///
/// The plain case (names in ASCII that fit a ustar header, ordinary times and sizes) equals libarchive's pax output byte for
/// byte. The rest is written in the form that GNU tar, bsdtar, BusyBox and Python's tarfile all read without a warning: names
/// as raw bytes in the ustar fields or in GNU long names, times in pax records, sizes from 8 GiB in base-256. libarchive's own
/// writer is not used for it: bsdtar composes the characters of a pax record (NFC) and refuses it in a C locale, GNU tar reports
/// the `hdrcharset` that other bytes would need, a sparse member's long name gets lost, a time before 1970 is written with its
/// fraction the wrong way round, and a writer that is given up (`archive_write_fail`) leaks memory.
///
/// No owner unless one is set, no access or change time, no extended attribute is ever written.
public struct TarHeaderEncoder: ~Copyable {
    private var path = ByteBuffer(capacity: 4_096)
    private var companion = ByteBuffer(capacity: TarBlock.size)
    private var records = PaxRecords()
    private var sparseMap = ByteBuffer()

    /// Makes an encoder.
    public init() {}

    /// Appends the header blocks of a member whose name is a path.
    ///
    /// - Parameters:
    ///   - member: What the header says.
    ///   - path: The member's path.
    ///   - target: A link's target, empty for other kinds.
    ///   - buffer: Where the blocks go.
    /// - Throws: ``ArchiveError`` for an empty name or a NUL in a name or target; then nothing was appended.
    public mutating func appendHeader(
        of member: TarMember, path: RelativePath, target: [UInt8] = [], to buffer: inout ByteBuffer
    ) throws(ArchiveError) {
        try appendHeader(of: member, directory: Span(), name: path.bytes.span, target: target.span, to: &buffer)
    }

    /// Appends the header blocks of a member; allocates nothing in the plain case.
    ///
    /// - Parameters:
    ///   - member: What the header says.
    ///   - directory: The path of the directory that holds the member, without a trailing slash; empty at the root.
    ///   - name: The member's name, or its path when the directory is empty.
    ///   - target: A link's target, empty for other kinds.
    ///   - buffer: Where the blocks go.
    /// - Throws: ``ArchiveError`` for an empty name or a NUL in a name or target; then nothing was appended.
    public mutating func appendHeader(
        of member: TarMember, directory: Span<UInt8>, name: Span<UInt8>, target: Span<UInt8>,
        to buffer: inout ByteBuffer
    ) throws(ArchiveError) {
        path.setPath(directory, name, trailingSlash: member.kind == .directory)
        let pathText = path.withSpan { TextClass(of: $0) }
        let targetText = TextClass(of: target)
        try check(pathText, targetText, name: name)
        records.removeAll()
        let isOrdinary = member.mtime.seconds >= 0 && member.mtime.seconds < 0x7FFF_FFFF
        let split = path.withSpan { UstarSplit($0) }
        let fits = member.size <= UstarHeader.largestOctal && target.count <= UstarHeader.nameSize
        if pathText == .ascii, targetText == .ascii, isOrdinary, fits {
            switch split {
            case .whole, .at: return appendPlain(member, split: split, target: target, to: &buffer)
            case .none: break
            }
        }
        appendWithLongNames(member, split: split, target: target, to: &buffer)
    }

    /// Appends the header blocks and the map of a file with holes, in GNU tar's pax form 1.0.
    ///
    /// After them the caller writes the bytes of the extents in order, then the padding after the sum of their lengths. Only for
    /// archives that are kept or read by GNU tar, bsdtar, Python or Ferry: BusyBox unpacks such a member under a wrong name.
    ///
    /// - Parameters:
    ///   - member: What the header says; its size is the file's size with holes.
    ///   - directory: The path of the directory that holds the member; empty at the root.
    ///   - name: The member's name.
    ///   - extents: The runs of data, in order, without overlap, inside the size.
    ///   - buffer: Where the blocks go.
    /// - Returns: False, with nothing appended, when this form cannot hold the member: its name is not UTF-8, or an extent but
    ///   the last is not a multiple of 512 bytes long (file systems make none such). Then write the file whole.
    /// - Throws: ``ArchiveError`` for a name with a NUL.
    public mutating func appendSparseHeader(
        of member: TarMember, directory: Span<UInt8>, name: Span<UInt8>, extents: Span<SparseExtent>,
        to buffer: inout ByteBuffer
    ) throws(ArchiveError) -> Bool {
        precondition(member.kind == .file, "only a regular file has holes")
        path.setPath(directory, name, trailingSlash: false)
        let pathText = path.withSpan { TextClass(of: $0) }
        try check(pathText, .ascii, name: name)
        guard path.withSpan({ TextClass.isUTF8($0) }), extents.haveTarLengths else { return false }
        let stored = sparseMap.setSparseMap(ofSize: member.size, extents: extents)
        records.removeAll()
        records.add(mtime: member.mtime)
        records.add(key: "GNU.sparse.major", number: 1)
        records.add(key: "GNU.sparse.minor", number: 0)
        path.withSpan { records.add(key: "GNU.sparse.name", value: $0) }
        records.add(key: "GNU.sparse.realsize", number: member.size)
        appendRecords(of: member, to: &buffer)
        buildCompanion(inserting: "GNUSparseFile")
        let stub = TarMember(
            kind: .file, mode: member.mode, size: Int64(sparseMap.count) + stored, mtime: member.mtime)
        companion.withSpan { buffer.appendUstarHeader(of: stub, path: $0, split: UstarSplit($0), target: Span()) }
        sparseMap.withSpan { buffer.append($0) }
        return true
    }

    private func check(_ path: TextClass, _ target: TextClass, name: Span<UInt8>) throws(ArchiveError) {
        guard path != .withNUL && target != .withNUL && !name.isEmpty else {
            throw ArchiveError(
                .unsafePath, "writing the header of", path: self.path.copy(),
                reason: name.isEmpty ? "the name is empty" : "the name or the link target contains a NUL byte",
                advice: "this is a defect in the caller, names of files never look so")
        }
    }

    // MARK: Written by hand

    private mutating func appendPlain(
        _ member: TarMember, split: UstarSplit, target: Span<UInt8>, to buffer: inout ByteBuffer
    ) {
        if member.mtime.nanoseconds != 0 {
            records.add(mtime: member.mtime)
            appendRecords(of: member, to: &buffer)
        }
        path.withSpan { buffer.appendUstarHeader(of: member, path: $0, split: split, target: target) }
    }

    /// The form for names that are long or beyond ASCII, times out of ustar's range and large sizes.
    private mutating func appendWithLongNames(
        _ member: TarMember, split: UstarSplit, target: Span<UInt8>, to buffer: inout ByteBuffer
    ) {
        records.add(mtime: member.mtime)
        if !records.isEmpty { appendRecords(of: member, to: &buffer) }
        path.withSpan { path in
            if case .none = split { buffer.appendLongName(path, typeFlag: UstarHeader.TypeFlag.longName) }
            if target.count > UstarHeader.nameSize {
                buffer.appendLongName(target, typeFlag: UstarHeader.TypeFlag.longLink)
            }
            buffer.appendUstarHeader(of: member, path: path, split: split, target: target)
        }
    }

    /// Appends the extended header that holds the records.
    private mutating func appendRecords(of member: TarMember, to buffer: inout ByteBuffer) {
        buildCompanion(inserting: "PaxHeader")
        // libarchive clips the time of this header to 31 bits.
        let seconds = min(max(member.mtime.seconds, 0), 0x7FFF_FFFF)
        let stub = TarMember(
            kind: .file, mode: member.mode, size: Int64(records.bytes.count), mtime: Timestamp(seconds: seconds))
        companion.withSpan {
            buffer.appendUstarHeader(
                of: stub, path: $0, split: UstarSplit($0), target: Span(), typeFlag: UstarHeader.TypeFlag.extended)
        }
        records.bytes.withSpan { buffer.append($0) }
        buffer.appendPadding(after: Int64(records.bytes.count))
    }

    private mutating func buildCompanion(inserting insert: StaticString) {
        path.withSpan { path in
            let end = path.count - (path[path.count - 1] == UInt8(ascii: "/") ? 1 : 0)
            CompanionName.build(inserting: insert, into: path.extracting(0..<end), buffer: &companion)
        }
    }
}

extension TarMember.Kind {
    var typeFlag: UInt8 {
        switch self {
        case .file: UstarHeader.TypeFlag.file
        case .directory: UstarHeader.TypeFlag.directory
        case .symlink: UstarHeader.TypeFlag.symlink
        case .hardLink: UstarHeader.TypeFlag.hardLink
        }
    }
}

extension ByteBuffer {
    /// Appends one ustar header block.
    mutating func appendUstarHeader(
        of member: TarMember, path: Span<UInt8>, split: UstarSplit, target: Span<UInt8>, typeFlag: UInt8? = nil
    ) {
        let header = unsafe UstarHeader(at: tail(reserving: TarBlock.size))
        header.setPath(path, split: split)
        header.setLinkTarget(target)
        // A time out of range is clipped: the exact one is in a pax record.
        header.set(
            mode: member.mode, size: member.size,
            seconds: min(max(member.mtime.seconds, 0), UstarHeader.largestOctal),
            typeFlag: typeFlag ?? member.kind.typeFlag)
        header.set(owner: member.owner)
        header.seal()
        unsafe advance(by: TarBlock.size)
    }

    /// Appends a GNU long name or long link member.
    ///
    /// Its closing NUL is left out where it would take the size beyond 4,095 bytes, which BusyBox refuses.
    mutating func appendLongName(_ bytes: Span<UInt8>, typeFlag: UInt8) {
        let size = bytes.count == 4_095 ? 4_095 : Int64(bytes.count) + 1
        let stub = TarMember(kind: .file, mode: 0o644, size: size, mtime: Timestamp(seconds: 0))
        var name = ByteBuffer()
        name.append("././@LongLink")
        name.withSpan { appendUstarHeader(of: stub, path: $0, split: .whole, target: Span(), typeFlag: typeFlag) }
        append(bytes)
        appendZeros(Int(size) - bytes.count)
        appendPadding(after: size)
    }
}
