import Crypto
package import FerryCore
import SystemPackage

/// Writes a journal, directory by directory, so that it never has to be in memory.
package struct JournalWriter: ~Copyable {
    private let file: FileHandle
    private let name: [UInt8]
    private var digest = SHA256()
    private var pending: [UInt8] = []
    private var nextSlot: UInt64
    /// How many directories were written.
    package private(set) var directories = 0
    /// How many changes were written.
    package private(set) var operations = 0

    /// Enough that calls do not matter, little enough for memory.
    private static let bufferSize = 256 << 10

    /// Makes the file.
    ///
    /// - Parameters:
    ///   - name: Its name; nothing may be there.
    ///   - area: Where.
    ///   - parentsFirst: Whether a directory comes before those below it.
    ///   - nextSlot: The first number that is free aside.
    /// - Throws: ``JournalError``.
    package init(
        _ name: TerminatedName, in area: OpenDirectory, parentsFirst: Bool, nextSlot: UInt64 = 0
    ) throws(JournalError) {
        self.name = Array(name.bytes)
        self.nextSlot = nextSlot
        do throws(Errno) {
            file = try area.handle.createFile(name, mode: 0o600)
        } catch {
            throw .file(FileSystemError("create", path: self.name, cause: error))
        }
        var encoder = ByteEncoder()
        encoder.add(JournalCodec.version)
        encoder.add(byte: parentsFirst ? 1 : 0)
        pending = JournalCodec.magic + encoder.bytes
    }

    /// A place aside that nothing else takes.
    package mutating func newSlot() -> JournalOperation.Slot {
        defer { nextSlot += 1 }
        return .aside(nextSlot)
    }

    /// Adds a directory, unless there is nothing to say.
    package mutating func append(_ directory: JournalDirectory) throws(JournalError) {
        guard directory.isNeeded else { return }
        directories += 1
        operations += directory.operations.count
        try frame(directory.isClosed ? .closedDirectory : .directory, JournalCodec.encode(directory))
    }

    /// Ends the journal and brings it to the disk.
    ///
    /// - Parameter flushes: Whether to wait for the disk.
    /// - Throws: ``JournalError``.
    package consuming func finish(flushes: Bool) throws(JournalError) {
        var encoder = ByteEncoder()
        encoder.add(UInt64(directories))
        encoder.add(UInt64(operations))
        encoder.add(nextSlot)
        try frame(.end, encoder.bytes)
        try flush()
        pending = Array(digest.finalize())
        let bytes = pending
        try journaled("write", name) { () throws(Errno) in
            try file.write(bytes.span)
            if flushes { try file.synchronize() }
        }
    }

    private mutating func frame(_ kind: JournalCodec.Frame, _ body: [UInt8]) throws(JournalError) {
        var encoder = ByteEncoder()
        encoder.add(byte: kind.rawValue)
        encoder.add(name: body)
        pending += encoder.bytes
        if pending.count >= Self.bufferSize { try flush() }
    }

    private mutating func flush() throws(JournalError) {
        digest.update(data: pending)
        let bytes = pending
        try journaled("write", name) { () throws(Errno) in try file.write(bytes.span) }
        pending.removeAll(keepingCapacity: true)
    }
}
