import FerryCore

/// The bytes of a plan file: magic, version, the parts, and the SHA-256 of all of it.
extension StoredPlan {
    private static let magic = Array("FERRYPLN".utf8)
    private static let version: UInt64 = 1

    /// The plan as a file holds it.
    package var encoded: [UInt8] {
        var encoder = ByteEncoder()
        encoder.add(Self.version)
        encoder.add(created)
        for name in [workspace, endpoint, endpointKey, sandboxIdentity, sandboxBoot] { encoder.add(name: name) }
        encoder.add(settings)
        encoder.add(remoteStamp.start)
        encoder.add(remoteStamp.granularity)
        SnapshotCodec.encode(remote, to: &encoder)
        encoder.add(UInt64(steps.count))
        for step in steps {
            encoder.add(name: step.path)
            encoder.add(byte: step.action.rawValue)
            encoder.add(byte: step.local == nil ? 0 : 1)
            if let local = step.local { encoder.add(local) }
            encoder.add(name: step.digest)
        }
        encoder.add(UInt64(answers.count))
        for answer in answers {
            encoder.add(name: answer.path)
            for fact in [answer.answer.isEqual, answer.answer.sourceIsBase, answer.answer.destinationIsBase] {
                encoder.add(byte: fact.map { $0 ? 1 : 0 } ?? 2)
            }
            encoder.add(answer.local)
        }
        for digests in [knownDigests, fetchedDigests] {
            encoder.add(UInt64(digests.count))
            for (path, digest) in digests {
                encoder.add(name: path)
                encoder.add(name: digest)
            }
        }
        return JournalCodec.seal(encoder.bytes, magic: Self.magic)
    }

    /// The name of a plan: the beginning of its checksum.
    package static func name(of record: [UInt8]) -> String {
        record.suffix(JournalCodec.digestSize).prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Reads a plan.
    ///
    /// - Parameter record: The content of its file.
    /// - Throws: ``JournalError`` when it is not exactly what was written.
    package init(decoding record: [UInt8]) throws(JournalError) {
        var decoder = ByteDecoder(try JournalCodec.open(record, magic: Self.magic))
        let version = try decoder.number()
        guard version == Self.version else { throw .newerVersion(version) }
        created = try decoder.time()
        workspace = try decoder.name()
        endpoint = try decoder.name()
        endpointKey = try decoder.name()
        sandboxIdentity = try decoder.name()
        sandboxBoot = try decoder.name()
        settings = try decoder.settings()
        remoteStamp = ScanStamp(start: try decoder.time(), granularity: try decoder.signed())
        remote = try SnapshotCodec.decode(&decoder)
        steps = try decoder.list { (decoder) throws(JournalError) in
            let path = try decoder.name()
            guard let action = PlanAction(rawValue: try decoder.byte()) else { throw .damaged("an action is none") }
            let local = try decoder.byte() == 1 ? try decoder.fingerprint() : nil
            return Step(path: path, action: action, local: local, digest: try decoder.name())
        }
        answers = try decoder.list { (decoder) throws(JournalError) in
            let path = try decoder.name()
            let facts = [try decoder.byte(), try decoder.byte(), try decoder.byte()].map { $0 > 1 ? nil : $0 == 1 }
            return Answer(
                path: path,
                answer: ContentAnswer(isEqual: facts[0], sourceIsBase: facts[1], destinationIsBase: facts[2]),
                local: try decoder.fingerprint())
        }
        knownDigests = try decoder.list { (decoder) throws(JournalError) in
            (try decoder.name(), try decoder.name())
        }
        fetchedDigests = try decoder.list { (decoder) throws(JournalError) in
            (try decoder.name(), try decoder.name())
        }
        guard decoder.isAtEnd else { throw .damaged("the plan is too long") }
    }
}

extension ByteEncoder {
    mutating func add(_ settings: StoredPlan.Settings) {
        add(name: settings.rules)
        add(name: settings.conflicts)
        for list in [settings.allowedHeld, settings.overrides] {
            add(UInt64(list.count))
            for name in list { add(name: name) }
        }
        for flag in [
            settings.mirrors, settings.deletes, settings.comparesAllContent, settings.staysOnOneFileSystem,
        ] {
            add(byte: flag ? 1 : 0)
        }
    }

    mutating func add(_ print: FerryCore.Fingerprint) {
        add(UInt64(print.mode))
        add(print.size)
        add(print.mtime)
        add(print.ctime)
        add(print.inode)
        add(print.device)
    }
}

extension ByteDecoder {
    mutating func settings() throws(JournalError) -> StoredPlan.Settings {
        var settings = StoredPlan.Settings()
        settings.rules = try name()
        settings.conflicts = try name()
        settings.allowedHeld = try list { (decoder) throws(JournalError) in try decoder.name() }
        settings.overrides = try list { (decoder) throws(JournalError) in try decoder.name() }
        settings.mirrors = try byte() == 1
        settings.deletes = try byte() == 1
        settings.comparesAllContent = try byte() == 1
        settings.staysOnOneFileSystem = try byte() == 1
        return settings
    }

    mutating func fingerprint() throws(JournalError) -> FerryCore.Fingerprint {
        FerryCore.Fingerprint(
            mode: try mode(), size: try signed(), mtime: try time(), ctime: try time(), inode: try number(),
            device: try number())
    }

    mutating func list<Element>(
        _ element: (inout ByteDecoder) throws(JournalError) -> Element
    ) throws(JournalError) -> [Element] {
        let count = try number()
        var result: [Element] = []
        var index: UInt64 = 0
        while index < count {
            result.append(try element(&self))
            index += 1
        }
        return result
    }
}
