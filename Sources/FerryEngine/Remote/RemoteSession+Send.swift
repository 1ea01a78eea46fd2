import FerryArchive
import FerryCore
import FerryThreads
import FerryTransport

extension RemoteSession {
    /// Asks for an archive of some entries; the session's last request.
    ///
    /// Directories come without what is in them. Entries that have vanished or cannot be read are missing in the archive, and
    /// the outcome holds the sandbox's words about them: compare what was asked for with what came.
    ///
    /// - Parameters:
    ///   - paths: Paths below the root.
    ///   - compression: How the sandbox compresses it.
    ///   - hasRawTargets: Whether one of them is a link to a target that is not UTF-8. For those, and for such paths, times come in
    ///     whole seconds.
    /// - Returns: The archive.
    /// - Throws: ``TransportError``.
    func send(
        _ paths: [[UInt8]], compression: Compression = .none, hasRawTargets: Bool = false
    ) throws(TransportError) -> RemoteArchiveSource {
        do throws(TransportError) {
            try begin("reading from '\(root.display)'")
            try demandRoot()
            guard facts.root == .directory else {
                throw failure(.notFound, "'\(root.display)' does not exist", "see whether the path is right")
            }
            try demandTools()
            try demand(compression)
            guard channel.isDrained else { throw channel.surprise([]) }
            let isRaw = hasRawTargets || paths.contains { String(validating: $0, as: UTF8.self) == nil }
            try channel.send(line: "send \(compression.rawValue) \(isRaw ? "raw" : "plain")")
        } catch {
            if case .transport(let error) = giveUp(.transport(error)) { throw error }
            throw error
        }
        let outcome = RemoteSendOutcome()
        let source = RemoteArchiveSource(
            channel.process, sandbox: channel.sandbox, purpose: channel.purpose, nonce: channel.nonce,
            joinsArchives: facts.tar == .busybox || facts.tar == .other, inputIsClosed: takesTurns, outcome: outcome)
        try feed(RemoteList(paths))
        end()
        return source
    }

    /// Measures how many bytes a second the way into the sandbox takes.
    ///
    /// - Returns: The rate, from the answers to two small messages and a large one that go one behind the other: one round trip. What
    ///   a small one takes is the time to start the program that reads it.
    /// - Throws: ``TransportError``.
    func measureRate() throws(TransportError) -> Double {
        do throws(TransportError) {
            try begin("measuring the link")
            for size in [1, 1, Self.measuredBytes] { try sendPing(size) }
            var answers: [ContinuousClock.Instant] = []
            for _ in 0..<3 {
                try awaitPong()
                answers.append(.now)
            }
            let (start, large) = (answers[1] - answers[0], answers[2] - answers[1])
            return Double(Self.measuredBytes) / max((large - start) / .seconds(1), 1e-6)
        } catch {
            if case .transport(let error) = giveUp(.transport(error)) { throw error }
            throw error
        }
    }

    private static var measuredBytes: Int { 512 << 10 }

    private func sendPing(_ size: Int) throws(TransportError) {
        // What no transport makes smaller on its way.
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let content = (0..<size).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        try channel.send(line: "ping")
        let process = channel.process
        try process.write(Array("piece \(size)\n".utf8).span)
        try process.write(content.span)
        try process.write(Array("end \(size)\n".utf8).span)
    }

    private func awaitPong() throws(TransportError) {
        do throws(RemoteFailure) { _ = try channel.mark("pong") } catch .transport(let error) { throw error } catch {
            throw channel.surprise([])
        }
    }

    /// Writes the names from a thread of its own: the sandbox sends while it still reads them.
    private func feed(_ list: RemoteList) throws(TransportError) {
        if takesTurns { return try channel.send(list) }
        let process = channel.process
        do throws(ThreadError) {
            try BlockingThread(named: "names") {
                do throws(TransportError) {
                    for piece in list.pieces {
                        try process.write(Array("piece \(piece.count)\n".utf8).span)
                        try process.write(piece.span)
                    }
                    try process.write(Array("end \(list.byteCount)\n".utf8).span)
                } catch {
                    // Whoever reads the archive sees that the script did not get its list, or that the way there broke.
                    _ = try? process.closeInput()
                }
            }.detach()
        } catch {
            throw failure(.busy, "no thread could be started: error \(error.errno)")
        }
    }
}
