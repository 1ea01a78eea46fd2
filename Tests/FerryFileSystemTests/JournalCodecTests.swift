import FerryCore
import FerryTesting
import Glibc
import SystemPackage
import Testing

@testable import FerryFileSystem

@Suite("The bytes of a journal")
struct JournalCodecTests {
    private static func name(_ text: String) throws -> TerminatedName { try TerminatedName(Array(text.utf8)) }

    private static func directories() throws -> [JournalDirectory] {
        let file = EntryState(
            kind: .file, mode: 0o640, size: 1 << 40, mtime: Timestamp(seconds: -5, nanoseconds: 999_999_999),
            inode: .max, comparesMode: false, isWhole: false)
        let whole = EntryState(
            kind: .directory, mode: 0o777, size: 0, mtime: Timestamp(seconds: 1 << 40), inode: 7, comparesMode: true,
            isWhole: true)
        var root = JournalDirectory(path: [])
        root.operations = [
            JournalOperation(.exchange, try name("a"), slot: .tree, old: file, new: whole),
            JournalOperation(.bring, try TerminatedName([0xFF, 0xFE]), slot: .tree, new: file),
            JournalOperation(.take, try name("c"), slot: .aside(300), old: whole),
            JournalOperation(.mode, try name("d"), slot: .tree, old: file, new: file),
        ]
        root.operations[0].oldChange = Timestamp(seconds: 9, nanoseconds: 8)
        let closed = JournalDirectory(
            path: Array("dir/new\nline".utf8), inode: 99, modes: .init(old: 0o555, new: 0o500),
            oldTime: Timestamp(seconds: 1, nanoseconds: 2), newTime: Timestamp(seconds: -1, nanoseconds: 3))
        return [closed, root]
    }

    private static func write(_ directories: [JournalDirectory], to area: OpenDirectory) throws -> [UInt8] {
        let name = try name("journal")
        var writer = try JournalWriter(name, in: area, parentsFirst: true)
        _ = writer.newSlot()
        for directory in directories { try writer.append(directory) }
        try writer.finish(flushes: true)
        let file = try area.handle.openFile(name)
        return try file.bytes(Int(try file.status().size), at: 0)
    }

    /// Reads bytes as a journal to its last record.
    private static func read(_ bytes: [UInt8], in area: OpenDirectory) throws -> [JournalDirectory] {
        let name = try name("copy")
        try? area.handle.removeFile(name)
        do {
            let file = try area.handle.createFile(name, mode: 0o600)
            try file.write(bytes.span)
        }
        let journal = try JournalFile(name, in: area)
        return try journal.indices.map { index throws(JournalError) in try journal.directory(at: index) }
    }

    private static func area() throws -> (TemporaryDirectory, OpenDirectory) {
        let directory = try TemporaryDirectory()
        return (directory, try RootDirectory.open(directory.path))
    }

    @Test("what was written is read back, with what has to be opened first")
    func roundTrip() throws {
        let (scratch, area) = try Self.area()
        let written = try Self.directories()
        let bytes = try Self.write(written, to: area)
        #expect(try Self.read(bytes, in: area) == written)
        let journal = try JournalFile(try Self.name("journal"), in: area)
        #expect(journal.parentsFirst && journal.nextSlot == 1 && journal.operationCount == 4)
        #expect(journal.closedIndices == [0])
        withExtendedLifetime(scratch) {}
    }

    @Test("a journal that was cut anywhere, or has a byte more, is refused")
    func cut() throws {
        let (scratch, area) = try Self.area()
        let bytes = try Self.write(try Self.directories(), to: area)
        for count in bytes.indices {
            #expect(throws: JournalError.self, "cut at \(count)") { try Self.read(Array(bytes[..<count]), in: area) }
        }
        #expect(throws: JournalError.self) { try Self.read(bytes + [0], in: area) }
        withExtendedLifetime(scratch) {}
    }

    @Test("a journal in which any one bit is wrong is refused")
    func flipped() throws {
        let (scratch, area) = try Self.area()
        let bytes = try Self.write(try Self.directories(), to: area)
        for index in bytes.indices {
            var wrong = bytes
            wrong[index] ^= 1 << UInt8(index % 8)
            #expect(throws: JournalError.self, "byte \(index)") { try Self.read(wrong, in: area) }
        }
        withExtendedLifetime(scratch) {}
    }

    @Test("the state of a run is read back, and refused when it was cut or changed")
    func state() throws {
        let run = RunID.now()
        var state = RunState(
            run: run, kind: .undo, workspace: [0xFF, 0x2F], endpoint: Array("tar:x".utf8), undoes: run)
        state.stamp = Timestamp(seconds: 12, nanoseconds: 34)
        state.previous = state.encoded
        let bytes = state.encoded
        #expect(try RunState(decoding: bytes) == state)
        for index in bytes.indices {
            var wrong = bytes
            wrong[index] ^= 0x10
            #expect(throws: JournalError.self) { try RunState(decoding: wrong) }
            #expect(throws: JournalError.self) { try RunState(decoding: Array(bytes[..<index])) }
        }
    }

    @Test("a line of the log holds any bytes, and one that was cut is passed over")
    func log() throws {
        let (scratch, _) = try Self.area()
        let entry = RunLogEntry(
            time: 1_700_000_000, kind: "pull", outcome: "done", run: "r", counts: [("created", 3)],
            workspace: Array("/a\tb\nc\\x".utf8) + [0xFF], endpoint: [], undoes: "q")
        #expect(RunLogEntry(line: entry.line.dropLast()) == entry)
        try RunLog.append(entry, in: scratch.path)
        let file = try RootDirectory.open(scratch.path).handle.openFile(try Self.name("log"))
        let size = try file.status().size
        let path = (scratch.path("log") + [0]).map(CChar.init(bitPattern:))
        #expect(unsafe truncate(path, off_t(size - 4)) == 0)
        try RunLog.append(entry, in: scratch.path)
        #expect(try RunLog.entries(in: scratch.path) == [entry])
    }

    @Test(
        "times of the calendar are those of date(1)",
        arguments: [
            (0, "1970-1-1 0:0:0"), (951_782_400, "2000-2-29 0:0:0"), (4_107_542_399, "2100-2-28 23:59:59"),
            (-86_401, "1969-12-30 23:59:59"), (68_256_000, "1972-3-1 0:0:0"),
        ] as [(Int64, String)])
    func calendar(seconds: Int64, text: String) {
        let time = CalendarTime(seconds)
        #expect("\(time.year)-\(time.month)-\(time.day) \(time.hour):\(time.minute):\(time.second)" == text)
    }
}
