// The engine's own parts are open to tests in debug builds only.
#if DEBUG
    import FerryArchive
    import FerryCore
    import FerryTesting
    import FerryThreads
    import SystemPackage
    import TestSupport

    @testable import FerryEngine
    @testable import FerryFileSystem

    /// A reader of bytes from somebody who may mean harm.
    ///
    /// Whatever it is given, it ends: with a result or with an error. A trap, a time-out or a broken promise is a finding.
    package enum FuzzTarget: String, CaseIterable, Sendable {
        /// A tar stream on its way into staging.
        case archive
        /// What a sandbox says that it holds.
        case listing
        /// An ignore file, and paths that it decides about.
        case rules
        /// The file of a plan.
        case plan
        /// A journal.
        case journal

        /// Feeds it.
        ///
        /// - Parameter bytes: The input.
        /// - Returns: The promise that was broken; nil for none.
        package func run(_ bytes: [UInt8]) -> String? {
            switch self {
            case .archive: Self.unpack(bytes)
            case .listing: Self.list(bytes)
            case .rules: Self.match(bytes)
            case .plan: Self.decodePlan(bytes)
            case .journal: Self.readJournal(bytes)
            }
        }

        // MARK: Archive

        private static func unpack(_ bytes: [UInt8]) -> String? {
            guard let directory = try? TemporaryDirectory(),
                let stage = try? directory.directory("stage", Tree()),
                let root = try? RootDirectory.open(stage)
            else { return "there is no scratch directory" }
            var options = SyncOptions()
            options.threads = 1
            options.limit(entries: 1_000, bytes: 1 << 20, depth: 100)
            var found: Snapshot?
            do {
                let reader = ArchiveReader(source: FuzzSource(bytes), limits: options.limits)
                var stream = try UnpackStream(
                    reader, into: root, owner: nil, exclusion: StreamExclusion(rules: IgnoreRules(), selection: nil),
                    options: options, cancellation: CancellationFlag(), progress: TransferProgress(),
                    onDigest: { _, _ in })
                let (snapshot, evidence) = try stream.run()
                let staged = StagedSnapshot(snapshot)
                found = try staged.verify(evidence).snapshot
            } catch {
                // Refused.
            }
            guard let names = try? Tree(reading: directory.path).paths else { return "the scratch directory is gone" }
            let prefix = Array("stage".utf8)
            if names.contains(where: { !$0.bytes.starts(with: prefix) }) {
                return "something was made outside of staging"
            }
            if let found {
                let scan = try? TreeScanner.scan(root, options: ScanOptions(rules: IgnoreRules(defaults: .none)))
                if scan?.snapshot.entryCount != found.entryCount { return "staging holds something else than was told" }
            }
            return nil
        }

        // MARK: Listing

        private static func list(_ bytes: [UInt8]) -> String? {
            let nonce = RemoteNonce()
            var text: [UInt8] = []
            // An attacker does not know the word; whoever looks for faults may use it.
            for piece in bytes.split(separator: 0, omittingEmptySubsequences: false) {
                let mark = Array("MARK ".utf8)
                text +=
                    piece.starts(with: mark)
                    ? Array("=\(nonce.text) ".utf8) + piece.dropFirst(mark.count) : Array(piece)
                text.append(0)
            }
            let channel = RemoteChannel(CannedProcess(text), sandbox: "test://fuzz", nonce: nonce, purpose: "listing")
            let request = RemoteListingRequest(whole: RemoteListingOptions())
            guard let listing = try? ListingDialogue(channel, request, isPartial: false).run().first else {
                return nil
            }
            var stack = [listing.snapshot.root]
            while let id = stack.popLast() {
                for child in listing.snapshot.children(of: id) {
                    guard (try? RelativePath(validating: listing.snapshot.path(of: child))) != nil else {
                        return "a path came through that is none"
                    }
                    stack.append(child)
                }
            }
            return nil
        }

        // MARK: Rules

        private static func match(_ bytes: [UInt8]) -> String? {
            // Some lines are rules, and what is behind the first NUL are paths.
            let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
            let rules = parts.first ?? []
            let list = IgnorePatternList(parsing: rules, kind: .commandLine, label: [])
            var walk = IgnoreWalk(IgnoreRules(commandLine: list))
            var again = IgnoreWalk(IgnoreRules(commandLine: list))
            for line in (parts.count > 1 ? parts[1] : rules).split(separator: 0x0A).prefix(50) {
                guard let path = try? RelativePath(validating: line.prefix(300)) else { continue }
                let answer = walk.excludes(path, isDirectory: false)
                if let above = path.parent, !above.bytes.isEmpty, again.excludes(above, isDirectory: true), !answer {
                    return "a file below an excluded directory came back"
                }
                if again.excludes(path, isDirectory: false) != answer { return "the order of questions matters" }
            }
            return nil
        }

        // MARK: Records with a checksum

        /// The input as it is, and as if somebody had put the right checksum behind it.
        private static func decodePlan(_ bytes: [UInt8]) -> String? {
            for magic in ["FERRYPLN", "FERRYPSH"] {
                for record in [bytes, JournalCodec.seal(bytes, magic: Array(magic.utf8))] {
                    guard let plan = try? SyncPlan(decoding: record) else { continue }
                    switch plan {
                    case .pull(let plan):
                        guard let same = try? StoredPlan(decoding: plan.stored.encoded),
                            same.encoded == plan.stored.encoded
                        else { return "the plan of a pull does not come back" }
                    case .push(let plan):
                        guard let same = try? StoredPushPlan(decoding: plan.stored.encoded),
                            same.encoded == plan.stored.encoded
                        else { return "the plan of a push does not come back" }
                    }
                }
            }
            return nil
        }

        private static func readJournal(_ bytes: [UInt8]) -> String? {
            guard let directory = try? TemporaryDirectory(), let area = try? RootDirectory.open(directory.path),
                let name = try? TerminatedName(Array("journal".utf8))
            else { return "there is no scratch directory" }
            for record in [bytes, JournalCodec.seal(bytes, magic: JournalCodec.magic)] {
                try? area.handle.removeFile(name)
                do {
                    let file = try area.handle.createFile(name, mode: 0o600)
                    try file.write(record.span)
                } catch {
                    return "the journal cannot be written: \(error)"
                }
                guard let journal = try? JournalFile(name, in: area) else { continue }
                for index in journal.indices { _ = try? journal.directory(at: index) }
            }
            return nil
        }
    }
#endif
