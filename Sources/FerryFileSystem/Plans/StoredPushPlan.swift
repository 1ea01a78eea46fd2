package import FerryCore

/// What a push would do, as it is kept until somebody applies it: nothing else may be done then.
package struct StoredPushPlan: Sendable {
    /// A path on which something would be done, and what both sides had there.
    package struct Step: Sendable, Equatable {
        package var path: [UInt8]
        package var action: PlanAction
        /// Whether it takes away something that was never pulled.
        package var overwritesUnpulled = false
        package var local: Side
        package var remote: Side

        package init(path: [UInt8], action: PlanAction, local: Side, remote: Side) {
            self.path = path
            self.action = action
            self.local = local
            self.remote = remote
        }
    }

    /// What one side has at a path.
    package struct Side: Sendable, Equatable {
        /// Nil for nothing.
        package var print: FerryCore.Fingerprint?
        /// What else has to be the same: a digest, a link's target, or a digest of all that is in a directory; empty for nothing.
        package var witness: [UInt8]

        package init(print: FerryCore.Fingerprint? = nil, witness: [UInt8] = []) {
            self.print = print
            self.witness = witness
        }
    }

    package var created: Timestamp
    /// The workspace's real path.
    package var workspace: [UInt8]
    /// The sandbox as a target.
    package var endpoint: [UInt8]
    package var sandboxIdentity: [UInt8] = []
    package var settings = StoredPlan.Settings()
    /// What is done about files that look like secrets.
    package var secrets: [UInt8] = []
    package var steps: [Step] = []

    package init(created: Timestamp, workspace: [UInt8], endpoint: [UInt8]) {
        self.created = created
        self.workspace = workspace
        self.endpoint = endpoint
    }
}

/// The bytes of its file: magic, version, the parts, and the SHA-256 of all of it.
extension StoredPushPlan {
    private static let magic = Array("FERRYPSH".utf8)
    private static let version: UInt64 = 1

    /// Whether a file claims to be the plan of a push.
    package static func isClaimed(by record: [UInt8]) -> Bool { record.starts(with: magic) }

    /// The plan as a file holds it.
    package var encoded: [UInt8] {
        var encoder = ByteEncoder()
        encoder.add(Self.version)
        encoder.add(created)
        for name in [workspace, endpoint, sandboxIdentity, secrets] { encoder.add(name: name) }
        encoder.add(settings)
        encoder.add(UInt64(steps.count))
        for step in steps {
            encoder.add(name: step.path)
            encoder.add(byte: step.action.rawValue)
            encoder.add(byte: step.overwritesUnpulled ? 1 : 0)
            for side in [step.local, step.remote] {
                encoder.add(byte: side.print == nil ? 0 : 1)
                if let print = side.print { encoder.add(print) }
                encoder.add(name: side.witness)
            }
        }
        return JournalCodec.seal(encoder.bytes, magic: Self.magic)
    }

    /// Reads a plan.
    ///
    /// - Parameter record: The content of its file.
    /// - Throws: ``JournalError`` when it is not exactly what was written.
    package init(decoding record: [UInt8]) throws(JournalError) {
        var decoder = ByteDecoder(try JournalCodec.open(record, magic: Self.magic))
        let version = try decoder.number()
        guard version == Self.version else { throw .newerVersion(version) }
        self.init(created: try decoder.time(), workspace: try decoder.name(), endpoint: try decoder.name())
        sandboxIdentity = try decoder.name()
        secrets = try decoder.name()
        settings = try decoder.settings()
        steps = try decoder.list { (decoder) throws(JournalError) in
            let path = try decoder.name()
            guard let action = PlanAction(rawValue: try decoder.byte()) else { throw .damaged("an action is none") }
            let overwrites = try decoder.byte() == 1
            let local = try Self.side(&decoder)
            var step = Step(path: path, action: action, local: local, remote: try Self.side(&decoder))
            step.overwritesUnpulled = overwrites
            return step
        }
        guard decoder.isAtEnd else { throw .damaged("the plan is too long") }
    }

    private static func side(_ decoder: inout ByteDecoder) throws(JournalError) -> Side {
        let print = try decoder.byte() == 1 ? try decoder.fingerprint() : nil
        return Side(print: print, witness: try decoder.name())
    }
}
