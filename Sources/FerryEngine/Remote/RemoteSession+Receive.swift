import FerryArchive
import FerryCore
import FerryTransport

extension RemoteSession {
    /// Sends a stream into the sandbox; the session's last request.
    ///
    /// The directory is made when it is missing. Everything that is to be done is handed over before anything is done.
    ///
    /// - Parameters:
    ///   - request: What is to be done around the stream.
    ///   - produce: Writes the tar stream: entries, ``PackSink/endEntries(_:)``, the end of the archive.
    /// - Returns: What the sandbox did.
    /// - Throws: ``RemoteFailure``. The sandbox may hold a part of the stream then, and nothing was removed after it.
    func receive(
        _ request: RemoteReceiveRequest, produce: (inout RemoteSink) throws(PackFailure) -> Void
    ) throws(RemoteFailure) -> RemoteReceipt {
        do throws(TransportError) {
            try begin("writing to '\(root.display)'")
            try demandRoot()
            try demandTools()
            try demand(request.compression)
            try sendSteps(request)
        } catch {
            throw giveUp(.transport(error.code == .closedInput ? verdict(error) : error))
        }
        var mark: RemoteEndMark?
        do throws(PackFailure) {
            var sink = try RemoteSink(channel, request.compression, piece: longestPiece)
            try produce(&sink)
            mark = sink.endMark
            try sink.finish()
        } catch .transport(let error) where error.code == .closedInput {
            // Its tar has ended: what it has to say is the better error.
            mark = nil
        } catch .transport(let error) {
            throw giveUp(.transport(channel.explained(error)))
        } catch {
            // Nothing has run yet where input comes as a whole.
            if takesTurns { throw giveUp(.packing(error)) }
            // A stream without its end: the sandbox notices, and removes what was temporary. Nothing that it awaits begins so.
            if sendsPieces { _ = try? channel.send(line: "broken off") }
            _ = try? channel.process.closeInput()
            _ = try? channel.process.wait()
            throw giveUp(.packing(error))
        }
        do throws(RemoteFailure) {
            let receipt = try readReceipt(request, mark)
            end()
            return receipt
        } catch {
            throw giveUp(error)
        }
    }

    /// Removes what a push that was killed left in the directory, for a push that has nothing to send; another does so anyway.
    ///
    /// - Throws: ``TransportError``.
    func sweep() throws(TransportError) {
        try begin("clearing up in '\(root.display)'")
        try channel.send(line: "sweep")
    }

    /// How a compression can be undone over there.
    func demand(_ compression: Compression) throws(TransportError) {
        let isThere =
            switch compression {
            case .none: true
            case .gzip: facts.hasGzip
            case .zstd: facts.hasZstd
            default: false
            }
        guard isThere else {
            throw failure(
                .missingTool, "there is no \(compression.rawValue) in the sandbox", "choose another compression or none"
            )
        }
    }

    /// Whether the archive goes in pieces: what may lose the end of an output may hide the end of an input.
    private var sendsPieces: Bool { longestPiece != nil }

    /// How long the archive's pieces are; nil where it does not go in pieces.
    private var longestPiece: Int? {
        guard !capabilities.provesEndOfOutput, facts.takesPieces else { return nil }
        return facts.takesLongPieces ? RemoteScript.longestStreamPiece : RemoteScript.largestPiece
    }

    private func sendSteps(_ request: RemoteReceiveRequest) throws(TransportError) {
        // Where the end of an output may get lost, the command lingers until it was read.
        let linger = capabilities.provesEndOfOutput ? 0 : 2
        try channel.send(line: "receive \(request.compression.rawValue) \(linger)\(sendsPieces ? " pieces" : "")")
        for step in RemoteSteps(request).steps {
            try channel.send(line: step.line)
            try channel.send(step.list)
        }
        if case .whole = request.listing { try channel.send(line: "whole") }
        try channel.send(line: "go")
    }

    /// What the sandbox says of its end, after it no longer reads.
    private func verdict(_ error: TransportError) -> TransportError {
        do throws(RemoteFailure) {
            _ = try channel.mark("received")
        } catch .transport(let verdict) {
            return verdict
        } catch {
            return channel.explained(.init(.malformed, sandbox: channel.sandbox, purpose: "", reason: "\(error)"))
        }
        return error
    }

    private func readReceipt(
        _ request: RemoteReceiveRequest, _ mark: RemoteEndMark?
    ) throws(RemoteFailure) -> RemoteReceipt {
        do throws(TransportError) { try channel.process.closeInput() } catch {
            if error.code != .closedInput { throw .transport(channel.explained(error)) }
        }
        let status = ReceiveStatus(try channel.mark("received"))
        if let error = try failure(status, mark) { throw .transport(error) }
        var remaining: [[UInt8]] = []
        while case let path = try channel.nextString(limit: 1 << 20), !path.isEmpty {
            guard path.starts(with: "./".utf8), remaining.count <= request.listed.limits.entries else {
                throw .transport(channel.surprise(path))
            }
            remaining.append(Array(path.dropFirst(2)))
        }
        var listings: RemoteListings?
        switch request.listing {
        case .none: break
        case .written(let paths):
            // The script lists nothing when it got no list.
            listings =
                paths.isEmpty
                ? .empty(request.listed.parts.count) : try readListing(request.listed, isPartial: true)
        case .whole: listings = try readListing(request.listed, isPartial: false)
        }
        _ = try channel.mark("done")
        var receipt = RemoteReceipt(entries: mark?.entries ?? 0, remaining: remaining, listings: listings)
        guard status.tar == 0, status.steps == 0 else {
            receipt.incomplete = failure(
                .commandFailed, "some entries could not be written",
                "see what it said; the listing shows which arrived",
                status: status.tar == 0 ? status.steps : status.tar, errorTail: try waitForErrors())
            return receipt
        }
        if capabilities.provesEndOfOutput { _ = try waitForErrors() } else { channel.process.terminate() }
        return receipt
    }

    private func waitForErrors() throws(RemoteFailure) -> [UInt8] {
        do throws(TransportError) { return try channel.process.wait().errorTail } catch {
            throw .transport(channel.explained(error))
        }
    }

    /// What makes all of it fail: a full disk, a stream that did not arrive whole.
    private func failure(_ status: ReceiveStatus, _ mark: RemoteEndMark?) throws(RemoteFailure) -> TransportError? {
        let isWhole = mark != nil && status.end == mark?.entries
        guard status.isFull || !isWhole || status.unpack != 0 else { return nil }
        let tail = try waitForErrors()
        let again = "run the same command again: it goes on from what has arrived"
        if status.isFull || RemoteExit.isFullDisk(tail) {
            return failure(
                .noSpace, "a disk there is full", "make room in the sandbox, then \(again)", status: status.tar,
                errorTail: tail)
        }
        if status.tar == 126 || status.tar == 127 {
            return failure(
                .missingTool, "its tar cannot be run", "install tar there", status: status.tar, errorTail: tail)
        }
        if status.tar != 0 {
            return failure(.commandFailed, "its tar failed", again, status: status.tar, errorTail: tail)
        }
        if status.unpack != 0 {
            return failure(
                .malformed, "what arrived could not be decompressed", again, status: status.unpack, errorTail: tail)
        }
        return failure(.malformed, "the stream was cut on its way: its end mark did not arrive", again, errorTail: tail)
    }
}

/// The words behind `received`.
private struct ReceiveStatus {
    var tar: Int32 = 255
    var unpack: Int32 = 255
    var steps: Int32 = 255
    var isFull = false
    /// What the end mark said; nil when there is none.
    var end: Int?

    init(_ words: [String]) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let number = Int(parts[1])
            switch parts[0] {
            case "tar": tar = Int32(clamping: number ?? 255)
            case "unpack": unpack = Int32(clamping: number ?? 255)
            case "steps": steps = Int32(clamping: number ?? 255)
            case "full": isFull = number == 1
            case "end": end = number
            default: break
            }
        }
    }
}
