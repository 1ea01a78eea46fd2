import FerryArchive
import FerryCore

/// The last member of a stream that goes into a sandbox: a file with the number of entries before it.
///
/// Every tar takes a stream that was cut between two members for complete and exits with 0; only this file's arrival proves that
/// it was not.
struct RemoteEndMark: Hashable, Sendable {
    /// The number of entries before it.
    var entries: Int

    /// Its content.
    var content: [UInt8] { Array("\(entries)\n".utf8) }

    /// The whole member.
    ///
    /// - Parameter nonce: The session's, which names the directory it lies in.
    /// - Returns: Header, content and padding.
    /// - Throws: ``ArchiveError``, never for such a name.
    func member(_ nonce: RemoteNonce) throws(ArchiveError) -> ByteBuffer {
        var buffer = ByteBuffer(capacity: 2 * TarBlock.size)
        var encoder = TarHeaderEncoder()
        let content = content
        // A time that no tar finds implausible.
        let member = TarMember(
            kind: .file, mode: 0o600, size: Int64(content.count), mtime: Timestamp(seconds: 1_000_000_000))
        try encoder.appendHeader(
            of: member, directory: nonce.temporaryName.span, name: Array("end".utf8).span, target: Span(), to: &buffer)
        buffer.append(content.span)
        buffer.appendPadding(after: Int64(content.count))
        return buffer
    }
}
