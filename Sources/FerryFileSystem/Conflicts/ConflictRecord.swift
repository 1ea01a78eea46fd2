package import FerryCore

/// What one pull withheld, as it is written beside the tree that holds the sandbox's versions.
///
/// The numbers of reasons are those of their enumerations, to which cases are only ever added at the end.
package struct ConflictRecord: Sendable, Equatable {
    /// One entry that was not let in.
    package struct Entry: Sendable, Equatable {
        /// Why it was not.
        package enum Cause: Sendable, Equatable {
            case conflict(PlanReason)
            case held(HeldReason)
        }

        /// Where the sandbox's version is.
        package enum Version: UInt8, Sendable {
            /// In the tree beside the record.
            case stored = 1
            /// Nowhere: the sandbox deleted the entry.
            case deleted = 2
            /// Only in the sandbox: the pull did not fetch it.
            case leftInSandbox = 3
            /// In the record: of a directory only the permission bits conflict.
            case permissions = 4
        }

        /// The entry's path in the workspace.
        package var path: [UInt8]
        package var cause: Cause
        package var version: Version
        /// What the sandbox's version is; of a deleted one, what the workspace's is.
        package var kind: EntryKind
        package var size: Int64
        /// What the workspace had at the time, by ``LocalVersion``.
        package var local: [UInt8]
        /// The sandbox's permission bits, where nothing else conflicts.
        package var mode: UInt16

        package init(
            path: [UInt8], cause: Cause, version: Version, kind: EntryKind, size: Int64, local: [UInt8],
            mode: UInt16 = 0
        ) {
            self.path = path
            self.cause = cause
            self.version = version
            self.kind = kind
            self.size = size
            self.local = local
            self.mode = mode
        }
    }

    /// When the pull planned it, in seconds since 1970.
    package var time: Int64
    /// The pull's run.
    package var run: String
    /// The workspace's real path.
    package var workspace: [UInt8]
    /// The sandbox, as the user wrote it.
    package var endpoint: [UInt8]
    package var entries: [Entry]

    private static let magic = Array("FERRYCFL".utf8)
    private static let version: UInt64 = 1

    package init(time: Int64, run: String, workspace: [UInt8], endpoint: [UInt8], entries: [Entry]) {
        self.time = time
        self.run = run
        self.workspace = workspace
        self.endpoint = endpoint
        self.entries = entries
    }

    /// The bytes of the file: numbers and names as in a journal, with a digest behind them.
    package var encoded: [UInt8] {
        var encoder = ByteEncoder()
        encoder.add(Self.version)
        encoder.add(time)
        encoder.add(name: run.utf8)
        encoder.add(name: workspace)
        encoder.add(name: endpoint)
        encoder.add(UInt64(entries.count))
        for entry in entries {
            encoder.add(name: entry.path)
            switch entry.cause {
            case .conflict(let reason):
                encoder.add(byte: 1)
                encoder.add(byte: reason.rawValue)
            case .held(let reason):
                encoder.add(byte: 2)
                encoder.add(byte: reason.rawValue)
            }
            encoder.add(byte: entry.version.rawValue)
            encoder.add(byte: entry.kind.rawValue)
            encoder.add(entry.size)
            encoder.add(name: entry.local)
            if entry.version == .permissions { encoder.add(UInt64(entry.mode)) }
        }
        return JournalCodec.seal(encoder.bytes, magic: Self.magic)
    }

    /// Reads a record.
    ///
    /// - Parameter bytes: The file's bytes.
    /// - Throws: ``JournalError`` when they are none, or a newer Ferry's.
    package init(decoding bytes: [UInt8]) throws(JournalError) {
        var decoder = ByteDecoder(try JournalCodec.open(bytes, magic: Self.magic))
        let version = try decoder.number()
        guard version == Self.version else { throw .newerVersion(version) }
        time = try decoder.signed()
        run = String(decoding: try decoder.name(), as: UTF8.self)
        workspace = try decoder.name()
        endpoint = try decoder.name()
        entries = []
        let count = try decoder.number()
        for _ in 0..<count { entries.append(try Self.entry(&decoder)) }
        guard decoder.isAtEnd else { throw .damaged("the record is too long") }
    }

    private static func entry(_ decoder: inout ByteDecoder) throws(JournalError) -> Entry {
        let path = try decoder.name()
        guard RelativePath.problem(in: path.span) == nil else { throw .damaged("a path is none") }
        let cause = try cause(try decoder.byte(), try decoder.byte())
        guard let version = Entry.Version(rawValue: try decoder.byte()),
            let kind = EntryKind(rawValue: try decoder.byte())
        else { throw .damaged("an entry is none") }
        return Entry(
            path: path, cause: cause, version: version, kind: kind, size: try decoder.signed(),
            local: try decoder.name(), mode: version == .permissions ? try decoder.mode() : 0)
    }

    private static func cause(_ kind: UInt8, _ reason: UInt8) throws(JournalError) -> Entry.Cause {
        if kind == 1, let reason = PlanReason(rawValue: reason) { return .conflict(reason) }
        if kind == 2, let reason = HeldReason(rawValue: reason) { return .held(reason) }
        throw .damaged("a cause is none")
    }
}
