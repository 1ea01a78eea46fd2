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
    /// - Returns: The archive.
    /// - Throws: ``TransportError``.
    func send(_ paths: [[UInt8]], compression: Compression = .none) throws(TransportError) -> RemoteArchiveSource {
        do throws(TransportError) {
            try begin("reading from '\(root.display)'")
            try demandRoot()
            guard facts.root == .directory else {
                throw failure(.notFound, "'\(root.display)' does not exist", "see whether the path is right")
            }
            try demandTools()
            try demand(compression)
            guard channel.isDrained else { throw channel.surprise([]) }
            try channel.send(line: "send \(compression.rawValue)")
        } catch {
            if case .transport(let error) = giveUp(.transport(error)) { throw error }
            throw error
        }
        let outcome = RemoteSendOutcome()
        let source = RemoteArchiveSource(
            channel.process, sandbox: channel.sandbox, purpose: channel.purpose, nonce: channel.nonce,
            joinsArchives: facts.tar == .busybox || facts.tar == .other, outcome: outcome)
        try feed(RemoteList(paths))
        end()
        return source
    }

    /// Writes the names from a thread of its own: the sandbox sends while it still reads them.
    private func feed(_ list: RemoteList) throws(TransportError) {
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
