package import FerryCore

/// What an area is for and how far it is, in one small file of it that is replaced as a whole.
package struct RunState: Sendable, Equatable {
    /// What changed the workspace.
    package enum Kind: UInt8, Sendable {
        case pull = 1
        case undo = 2
    }

    /// How far it is.
    package enum Phase: UInt8, Sendable {
        /// The journal is being carried out: it has to be rolled back.
        case applying = 1
        /// All is done, and only the area has to go to its place.
        case complete = 2
    }

    package var run: RunID
    package var kind: Kind
    package var phase: Phase
    /// When the run was complete, by the clock of the file system; nothing that it left has a later ctime.
    package var stamp = Timestamp(seconds: 0)
    /// The workspace's real path at the time.
    package var workspace: [UInt8]
    /// Where the results came from, as the user wrote it.
    package var endpoint: [UInt8]
    /// The run that this one undoes.
    package var undoes: RunID?
    /// What the area was before, encoded; empty when it was made for this run.
    package var previous: [UInt8] = []

    private static let magic = Array("FERRYRUN".utf8)
    private static let version: UInt64 = 1

    package init(run: RunID, kind: Kind, workspace: [UInt8], endpoint: [UInt8], undoes: RunID? = nil) {
        self.run = run
        self.kind = kind
        phase = .applying
        self.workspace = workspace
        self.endpoint = endpoint
        self.undoes = undoes
    }

    package var encoded: [UInt8] {
        var encoder = ByteEncoder()
        encoder.add(Self.version)
        encoder.add(name: run.bytes)
        encoder.add(byte: kind.rawValue)
        encoder.add(byte: phase.rawValue)
        encoder.add(stamp)
        encoder.add(name: workspace)
        encoder.add(name: endpoint)
        encoder.add(name: undoes?.bytes ?? [])
        encoder.add(name: previous)
        return JournalCodec.seal(encoder.bytes, magic: Self.magic)
    }

    /// Reads a state.
    package init(decoding record: [UInt8]) throws(JournalError) {
        var decoder = ByteDecoder(try JournalCodec.open(record, magic: Self.magic))
        let version = try decoder.number()
        guard version == Self.version else { throw .newerVersion(version) }
        guard let run = RunID(String(decoding: try decoder.name(), as: UTF8.self)),
            let kind = Kind(rawValue: try decoder.byte()), let phase = Phase(rawValue: try decoder.byte())
        else { throw .damaged("the state of the run is none") }
        self.run = run
        self.kind = kind
        self.phase = phase
        stamp = try decoder.time()
        workspace = try decoder.name()
        endpoint = try decoder.name()
        undoes = RunID(String(decoding: try decoder.name(), as: UTF8.self))
        previous = try decoder.name()
        guard decoder.isAtEnd else { throw .damaged("the state of the run is too long") }
    }
}
