import Crypto
import FerryCore
import SystemPackage

/// The files of ``BaselineStore``: their names, and how they are written and checked.
enum BaselineFile {
    /// What a file holds.
    enum Kind {
        /// What was agreed on.
        case baseline
        /// What a push is about to write.
        case marks

        var suffix: String.UTF8View { (self == .baseline ? ".baseline" : ".marks").utf8 }
    }

    private static let checksumLength = SHA256.byteCount
    /// More than ten million entries take; a larger file is not one of ours.
    private static let maximumLength: Int64 = 4 << 30
    private static let pieceLength = 1 << 20

    // MARK: Names

    static func fileName(_ kind: Kind, _ workspace: [UInt8], _ endpoint: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        // The length first: no two pairs may run together.
        hash.update(data: Array("\(workspace.count):".utf8))
        hash.update(data: workspace)
        hash.update(data: endpoint)
        let digits = Array("0123456789abcdef".utf8)
        return hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + kind.suffix
    }

    static func name(_ kind: Kind, _ workspace: [UInt8], _ endpoint: [UInt8]) throws(Errno) -> TerminatedName {
        try component(fileName(kind, workspace, endpoint))
    }

    /// Each pair has one, so that the next command for the pair finds what a kill left.
    static func temporaryName(_ workspace: [UInt8], _ endpoint: [UInt8]) throws(Errno) -> TerminatedName {
        try component(ReservedNames.temporaryPrefix + fileName(.baseline, workspace, endpoint))
    }

    private static func component(_ bytes: [UInt8]) throws(Errno) -> TerminatedName {
        do throws(RelativePathError) {
            return try TerminatedName(bytes)
        } catch {
            throw .invalidArgument
        }
    }

    // MARK: Content

    /// Puts a file where another may be, for a caller that does not wait for the disk.
    ///
    /// Where `rename(2)` replaces a file, ext4 has the new content written out at once, unless it is mounted with `noauto_da_alloc`;
    /// where two files change places it does not. After a power failure the file is then perhaps a damaged one, which is told and counts
    /// as none.
    static func swap(
        _ temporary: TerminatedName, _ name: TerminatedName, in directory: borrowing DirectoryHandle
    ) throws(Errno) {
        do throws(Errno) {
            try directory.exchange(temporary, with: directory, name)
        } catch {
            // There is none yet, or the file system cannot exchange.
            return try directory.rename(temporary, to: directory, as: name)
        }
        try directory.removeFile(temporary)
    }

    /// What was read of a file.
    struct Content {
        /// The whole file; of one whose blocks stay where they are what follows them.
        var bytes: [UInt8]
        var blocks: BaselineBlocksFile?
        /// The digest of all but the checksum, of one whose blocks were read already to see whether they are sound.
        var digest: [UInt8]?
    }

    /// Reads a file of plausible length; the length that it claims must be the length that it has before more is read than that.
    ///
    /// - Parameters:
    ///   - name: The file's name.
    ///   - directory: The directory that it is in.
    ///   - limit: The blocks of a longer file are not kept in memory.
    /// - Returns: What it holds, its checksum not yet looked at.
    /// - Throws: `Errno`.
    static func read(
        _ name: TerminatedName, in directory: borrowing DirectoryHandle, holdingUpTo limit: Int
    ) throws(Errno) -> Content {
        let file = try directory.openFile(name)
        let status = try file.status()
        guard status.kind == .file, status.size <= maximumLength else { throw .fileTooLarge }
        let size = Int(status.size)
        let ending = try ending(of: file, size: status.size)
        let footer = try? Baseline.Footer(ending, trailing: checksumLength)
        // What does not end like a baseline shows how it begins; that tells one of a former format.
        guard let footer, footer.length + checksumLength == size else {
            return Content(bytes: try bytes(of: file, in: 0..<min(size, Baseline.footerLength)))
        }
        guard size > limit else { return Content(bytes: try bytes(of: file, in: 0..<size)) }
        var hash = SHA256()
        var piece = [UInt8](repeating: 0, count: pieceLength)
        var start = 0
        while start < footer.blocksLength {
            let wanted = min(pieceLength, footer.blocksLength - start)
            let count = try file.fill(&piece, upTo: wanted, from: start)
            if count == 0 { break }
            hash.update(data: piece[..<count])
            start += count
        }
        let rest = try bytes(of: file, in: footer.blocksLength..<size)
        hash.update(data: rest.dropLast(checksumLength))
        return Content(
            bytes: rest, blocks: BaselineBlocksFile(file, length: footer.blocksLength),
            digest: Array(hash.finalize()))
    }

    /// The last bytes of a file: what says how long it is, and the checksum.
    private static func ending(of file: borrowing FileHandle, size: Int64) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(min(size, Int64(Baseline.footerLength + checksumLength))))
        var span = bytes.mutableSpan
        guard try file.read(into: &span, at: size - Int64(span.count)) == span.count else { throw .ioError }
        return bytes
    }

    /// Some bytes of a file, as many as there are of them.
    private static func bytes(of file: borrowing FileHandle, in range: Range<Int>) throws(Errno) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: range.count)
        let count = try file.fill(&content, upTo: range.count, from: range.lowerBound)
        content.removeLast(content.count - count)
        return content
    }

    // MARK: Marks

    static func removeMarks(
        _ workspace: [UInt8], _ endpoint: [UInt8], in directory: borrowing DirectoryHandle
    ) throws(Errno) {
        do throws(Errno) {
            try directory.removeFile(name(.marks, workspace, endpoint))
        } catch .noSuchFileOrDirectory {
            return
        }
    }

    /// The checksum at the end of a file.
    static func readCheckSum(
        of name: TerminatedName, in directory: borrowing DirectoryHandle
    ) throws(Errno) -> [UInt8] {
        let file = try directory.openFile(name)
        let ending = try ending(of: file, size: file.status().size)
        guard ending.count > checksumLength else { throw .ioError }
        return ending.suffix(checksumLength)
    }

    /// The whole file of marks; nil: there is none.
    static func readMarks(
        _ workspace: [UInt8], _ endpoint: [UInt8], in directory: borrowing DirectoryHandle
    ) throws(Errno) -> [UInt8]? {
        let file: FileHandle
        do throws(Errno) {
            file = try directory.openFile(name(.marks, workspace, endpoint))
        } catch .noSuchFileOrDirectory {
            return nil
        }
        let status = try file.status()
        guard status.kind == .file, status.size <= maximumLength else { throw .fileTooLarge }
        return try bytes(of: file, in: 0..<Int(status.size))
    }

    /// The marks in a file that belong to a baseline.
    ///
    /// - Parameters:
    ///   - file: The whole file; nil: there is none.
    ///   - content: The file of the baseline.
    /// - Returns: The marks; nil: there are none of this baseline.
    /// - Throws: ``BaselineDamage``: it cannot be told what they were.
    static func marks(_ file: [UInt8]?, of content: Content) throws(BaselineDamage) -> Baseline? {
        guard let file else { return nil }
        guard file.count >= 2 * checksumLength else { throw .malformed(at: file.count) }
        let end = file.count - checksumLength
        guard SHA256.hash(data: file[..<end]).elementsEqual(file[end...]) else { throw .malformed(at: end) }
        guard file[..<checksumLength].elementsEqual(content.bytes.suffix(checksumLength)) else { return nil }
        return try Baseline(encoded: Array(file[checksumLength..<end]))
    }

    static func header(of content: Content) throws(BaselineDamage) -> BaselineHeader {
        try Baseline.header(ofEncoded: content.bytes, trailing: checksumLength)
    }

    static func decode(_ content: Content, _ marks: [UInt8]?) throws(BaselineDamage) -> Baseline {
        let baseline =
            if let blocks = content.blocks {
                try Baseline(ending: content.bytes, trailing: checksumLength, blocks: blocks)
            } else {
                try Baseline(encoded: content.bytes, trailing: checksumLength, isVerified: true)
            }
        guard let found = try Self.marks(marks, of: content) else { return baseline }
        let marked = baseline.marked(by: found)
        // It is held in memory, and would not tell any more.
        guard !baseline.isUnreadable else { throw .malformed(at: 0) }
        return marked
    }

    /// The baseline of a file, whosever it is, with its marks.
    static func decode(checked content: Content, in directory: borrowing DirectoryHandle) throws -> Baseline {
        try checkSum(of: content)
        let header = try header(of: content)
        return try decode(content, readMarks(header.workspaceKey, header.endpointKey, in: directory))
    }

    static func checkSum(of content: Content) throws(BaselineDamage) {
        let bytes = content.bytes
        let footer = try Baseline.Footer(bytes, trailing: checksumLength)
        let length = content.blocks == nil ? footer.length : footer.endingLength
        guard bytes.count == length + checksumLength else { throw .malformed(at: bytes.count) }
        guard (content.digest ?? digest(of: bytes[..<length])).elementsEqual(bytes[length...]) else {
            throw .malformed(at: length)
        }
    }

    private static func digest(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        var hash = SHA256()
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = min(start + pieceLength, bytes.endIndex)
            hash.update(data: bytes[start..<end])
            start = end
        }
        return Array(hash.finalize())
    }
}
