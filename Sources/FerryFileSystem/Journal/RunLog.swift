import FerryCore
import Glibc
import SystemPackage

/// One line of the log of what was done.
package struct RunLogEntry: Sendable, Equatable {
    /// Seconds since 1970.
    package var time: Int64
    /// What was done: `push`, `pull`, `undo`.
    package var kind: String
    /// How it ended.
    package var outcome: String
    /// The run that an undo takes; empty when there is none.
    package var run: String
    /// Counts, by their names.
    package var counts: [(name: String, value: Int64)]
    package var workspace: [UInt8]
    package var endpoint: [UInt8]
    /// The run that was undone; empty when none was.
    package var undoes: String

    package init(
        time: Int64, kind: String, outcome: String, run: String, counts: [(name: String, value: Int64)],
        workspace: [UInt8], endpoint: [UInt8], undoes: String = ""
    ) {
        self.time = time
        self.kind = kind
        self.outcome = outcome
        self.run = run
        self.counts = counts
        self.workspace = workspace
        self.endpoint = endpoint
        self.undoes = undoes
    }

    package static func == (lhs: RunLogEntry, rhs: RunLogEntry) -> Bool { lhs.line == rhs.line }

    /// Fields with tabs between them, the first the version of the format; bytes that would break a line as `\xHH`.
    var line: [UInt8] {
        let counts = counts.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        let fields: [[UInt8]] = [
            Array("1".utf8), Array(String(time).utf8), Array(kind.utf8), Array(outcome.utf8), Array(run.utf8),
            Array(counts.utf8), workspace, endpoint, Array(undoes.utf8),
        ]
        return Array(fields.map(Self.escaped).joined(separator: [Self.tab])) + [UInt8(ascii: "\n")]
    }

    /// Nil for a line that was cut, or that a newer Ferry wrote in another way.
    init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: Self.tab, omittingEmptySubsequences: false).compactMap(Self.unescaped)
        guard fields.count == 9, fields[0] == Array("1".utf8), let time = Int64(Self.text(fields[1])) else {
            return nil
        }
        self.time = time
        kind = Self.text(fields[2])
        outcome = Self.text(fields[3])
        run = Self.text(fields[4])
        counts = Self.text(fields[5]).split(separator: ",").compactMap { pair in
            let parts = pair.split(separator: "=")
            guard parts.count == 2, let value = Int64(parts[1]) else { return nil }
            return (String(parts[0]), value)
        }
        workspace = fields[6]
        endpoint = fields[7]
        undoes = Self.text(fields[8])
    }

    private static let tab = UInt8(ascii: "\t")
    private static let backslash = UInt8(ascii: "\\")

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            guard byte < 0x20 || byte == 0x7F || byte == backslash else {
                result.append(byte)
                continue
            }
            let digits = String(byte, radix: 16)
            result += Array("\\x".utf8) + Array((digits.count == 1 ? "0" + digits : digits).utf8)
        }
        return result
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == backslash else {
                result.append(byte)
                continue
            }
            guard rest.popFirst() == UInt8(ascii: "x"), rest.count >= 2,
                let value = UInt8(text(Array(rest.prefix(2))), radix: 16)
            else { return nil }
            rest = rest.dropFirst(2)
            result.append(value)
        }
        return result
    }
}

/// The record of what was done, in the state directory: lines are added and never changed.
package enum RunLog {
    private static let name = RunArea.terminated("log")

    /// The time of an entry that is made now.
    package static var now: Int64 { StampClock.now.seconds }

    /// Adds a line, in one call, so that processes do not mix theirs.
    package static func append(_ entry: RunLogEntry, in stateDirectory: [UInt8]) throws(FileSystemError) {
        try RootDirectory.createWithParents(stateDirectory)
        let directory = try RootDirectory.open(stateDirectory)
        do throws(Errno) {
            let file = try directory.handle.openForAppending(name)
            // A line that a kill or a full disk cut short must not take this one with it.
            let size = try file.status().size
            let last = size > 0 ? try file.bytes(1, at: size - 1) : []
            let isCut = size > 0 && last != [UInt8(ascii: "\n")]
            let line = (isCut ? [UInt8(ascii: "\n")] : []) + entry.line
            try file.write(line.span)
        } catch {
            throw FileSystemError("write to the log in", path: stateDirectory, cause: error)
        }
    }

    /// Reads all entries, the oldest first; lines that cannot be read are passed over.
    package static func entries(in stateDirectory: [UInt8]) throws(FileSystemError) -> [RunLogEntry] {
        do throws(Errno) {
            var input = try InputStream.open(stateDirectory + [RelativePath.separator] + name.bytes)
            var content: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                var span = buffer.mutableSpan
                let count = try input.read(into: &span)
                if count == 0 { break }
                content += buffer[..<count]
            }
            return content.split(separator: UInt8(ascii: "\n")).compactMap { RunLogEntry(line: $0) }
        } catch .noSuchFileOrDirectory {
            return []
        } catch {
            throw FileSystemError("read the log in", path: stateDirectory, cause: error)
        }
    }
}

extension DirectoryHandle {
    /// Opens a file so that everything goes to its end, made where it is missing.
    func openForAppending(_ name: TerminatedName) throws(Errno) -> FileHandle {
        unsafe FileHandle(
            descriptor: try withCString(name) { name throws(Errno) in
                try systemCall {
                    unsafe openat(descriptor, name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
                }
            })
    }
}
