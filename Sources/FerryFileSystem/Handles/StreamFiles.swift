import CFerryShims
import FerryCore
package import FerryThreads
import Glibc
package import SystemPackage

/// A file, pipe or terminal that bytes are read from in order.
package struct InputStream: ~Copyable, ByteSource {
    private let file: FileHandle
    /// Stops a wait for bytes that do not come; a read then throws `ECANCELED`.
    package var cancellation = CancellationFlag()
    /// How long to wait for bytes; a read then throws `ETIMEDOUT`.
    ///
    /// Nil: for ever.
    package var idleTimeout: Duration?
    private let canWait: Bool

    /// Standard input, through a descriptor of its own.
    package static func standardInput() throws(Errno) -> InputStream {
        InputStream(file: FileHandle(descriptor: try systemCall { fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) }))
    }

    /// A file by the path that the user gave.
    package static func open(_ path: [UInt8]) throws(Errno) -> InputStream {
        let descriptor = unsafe try withCString(ArraySlice(path + [0])) { name throws(Errno) in
            try systemCall { unsafe Glibc.open(name, O_RDONLY | O_CLOEXEC) }
        }
        let file = FileHandle(descriptor: descriptor)
        guard try file.status().kind != .directory else { throw .isDirectory }
        return InputStream(file: file)
    }

    private init(file: consuming FileHandle) {
        // A regular file never keeps anyone waiting.
        canWait = ((try? file.status())?.kind ?? .fifo) != .file
        self.file = file
        // Fewer, larger reads; refused for anything but a pipe, which does not matter.
        _ = fcntl(self.file.descriptor, F_SETPIPE_SZ_VALUE, 1 << 20)
    }

    package mutating func read(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
        if canWait { try waitForBytes() }
        return try file.read(into: &buffer)
    }

    private func waitForBytes() throws(Errno) {
        let start = ContinuousClock.now
        while true {
            var request = pollfd(fd: file.descriptor, events: Int16(POLLIN), revents: 0)
            if try systemCall({ unsafe poll(&request, 1, 200) }) > 0 { return }
            if cancellation.isRaised { throw .canceled }
            if let idleTimeout, ContinuousClock.now - start > idleTimeout { throw .timedOut }
        }
    }
}

/// A file, pipe or terminal that bytes are written to in order.
package struct OutputStream: ~Copyable, ByteSink {
    private let file: FileHandle
    /// Whether it is a pipe, into which the kernel can move a file's pages without a copy.
    private let isPipe: Bool

    /// Standard output, through a descriptor of its own.
    package static func standardOutput() throws(Errno) -> OutputStream {
        try OutputStream(FileHandle(descriptor: try systemCall { fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) }))
    }

    /// Writes into a file that was opened before.
    package init(_ file: consuming FileHandle) throws(Errno) {
        isPipe = try file.status().kind == .fifo
        self.file = file
        if isPipe { _ = fcntl(self.file.descriptor, F_SETPIPE_SZ_VALUE, 1 << 20) }
    }

    package mutating func write(_ bytes: Span<UInt8>) throws(Errno) {
        guard isPipe else { return try file.write(bytes) }
        var sent = 0
        while sent < bytes.count {
            // No more than there is room for: a write that blocks half-way is woken at every read of the other side.
            let room = Int(ferry_room_in_pipe(file.descriptor))
            let count = room > 0 ? min(room, bytes.count - sent) : bytes.count - sent
            try file.write(bytes.extracting(sent..<(sent + count)))
            sent += count
        }
    }

    /// Moves bytes from a file's current position, in the kernel where that works.
    ///
    /// - Parameters:
    ///   - source: The file.
    ///   - count: The most bytes to move.
    /// - Returns: How many were moved, 0 at the file's end; nil where the kernel cannot do it.
    /// - Throws: Why it failed.
    package mutating func splice(from source: borrowing FileHandle, count: Int) throws(Errno) -> Int? {
        guard isPipe else { return nil }
        let descriptor = file.descriptor
        do throws(Errno) {
            return Int(try systemCall { ferry_splice(source.descriptor, descriptor, count) })
        } catch .invalidArgument {
            return nil
        }
    }
}

/// `F_SETPIPE_SZ` of <fcntl.h>, which needs _GNU_SOURCE.
private let F_SETPIPE_SZ_VALUE: Int32 = 1031
