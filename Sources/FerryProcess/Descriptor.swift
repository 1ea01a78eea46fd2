import CFerryShims
import Glibc
import SystemPackage

/// A descriptor of this process that closes itself with the last reference.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { ferry_close_guarded(number) }

    /// Makes a pipe; no thread with descriptors of its own keeps a copy of its ends.
    static func pipe() throws(ProcessError) -> (read: Descriptor, write: Descriptor) {
        var ends: (read: Int32, write: Int32) = (-1, -1)
        guard unsafe ferry_guarded_pipe(&ends.read, &ends.write) == 0 else {
            throw .system(call: "pipe2", Errno(rawValue: errno))
        }
        return (Descriptor(ends.read), Descriptor(ends.write))
    }

    /// Makes something that stays readable once it was raised.
    static func event() throws(ProcessError) -> Descriptor {
        let number = ferry_event()
        guard number >= 0 else { throw .system(call: "eventfd", Errno(rawValue: errno)) }
        return Descriptor(number)
    }

    /// Makes reads and writes through this end say so instead of waiting; the other end is not concerned.
    func stopWaiting() throws(ProcessError) {
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw .system(call: "fcntl", Errno(rawValue: errno))
        }
    }

    /// Makes an event readable.
    func raise() { ferry_raise(number) }

    /// Empties an event.
    func lower() {
        var count: UInt64 = 0
        _ = unsafe withUnsafeMutableBytes(of: &count) { unsafe Glibc.read(number, $0.baseAddress, $0.count) }
    }

    /// Reads what is there.
    ///
    /// - Returns: How many bytes came, 0 at the end; nil when there is nothing now.
    func readAvailable(into buffer: inout MutableSpan<UInt8>) throws(ProcessError) -> Int? {
        let room = buffer.count
        while true {
            let count = unsafe buffer.withUnsafeMutableBufferPointer {
                unsafe Glibc.read(number, $0.baseAddress, room)
            }
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case let code: throw .system(call: "read", Errno(rawValue: code))
            }
        }
    }

    /// Writes as much as there is room for.
    ///
    /// - Returns: How many bytes went; nil when there is no room now.
    func writeAvailable(_ bytes: Span<UInt8>, from start: Int) throws(ProcessError) -> Int? {
        while true {
            let count = unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return Int64(0) }
                return unsafe ferry_write_quietly(number, base + start, buffer.count - start)
            }
            if count >= 0 { return Int(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case EPIPE: throw .closedInput
            case let code: throw .system(call: "write", Errno(rawValue: code))
            }
        }
    }
}

/// One descriptor to wait for.
struct Awaited {
    let descriptor: Descriptor
    let events: Int32

    /// Bytes to read, or the end.
    static func readable(_ descriptor: Descriptor) -> Awaited { Awaited(descriptor: descriptor, events: POLLIN) }
    /// Room to write, or nobody who reads.
    static func writable(_ descriptor: Descriptor) -> Awaited { Awaited(descriptor: descriptor, events: POLLOUT) }

    /// Waits until one of several is ready.
    ///
    /// - Parameters:
    ///   - awaited: What to wait for; nil entries are never ready.
    ///   - limit: How long; nil: for ever.
    /// - Returns: Which ones are.
    /// - Throws: What the system says.
    static func wait(for awaited: [Awaited?], atMost limit: Duration?) throws(ProcessError) -> [Bool] {
        var requests = awaited.map { item in
            pollfd(fd: item?.descriptor.number ?? -1, events: Int16(item?.events ?? 0), revents: 0)
        }
        let status = unsafe poll(&requests, nfds_t(requests.count), limit.map(milliseconds) ?? -1)
        if status < 0 && errno != EINTR { throw .system(call: "poll", Errno(rawValue: errno)) }
        return requests.map { status > 0 && $0.revents != 0 }
    }

    /// Rounded up, so that nobody wakes just before the time.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        guard duration > .zero else { return 0 }
        let parts = duration.components
        guard parts.seconds < 1_000_000 else { return 1_000_000_000 }
        return Int32(parts.seconds * 1_000 + (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
