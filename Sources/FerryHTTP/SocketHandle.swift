import Glibc

/// Owns a connected stream socket that does not block.
struct SocketHandle: ~Copyable {
    /// What a socket is waited for.
    struct Readiness: OptionSet {
        let rawValue: Int16
        static let readable = Readiness(rawValue: Int16(POLLIN))
        static let writable = Readiness(rawValue: Int16(POLLOUT))
    }

    private let descriptor: Int32

    /// Makes an owner of a copy of somebody's socket.
    ///
    /// - Throws: The error number.
    init(duplicating socket: Int32) throws(SystemError) {
        descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw SystemError(number: errno) }
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    }

    deinit {
        close(descriptor)
    }

    /// Sends what can be sent at once.
    ///
    /// - Returns: How many bytes went; 0 when there is no room.
    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        while true {
            let count = unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return count }
            if errno == EAGAIN { return 0 }
            guard errno == EINTR else { throw SystemError(number: errno) }
        }
    }

    /// Takes what has come.
    ///
    /// - Returns: How many bytes; 0 at the end; nil when nothing has come yet.
    func receive(_ room: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        while true {
            let count = unsafe recv(descriptor, room.baseAddress, room.count, 0)
            if count >= 0 { return count }
            if errno == EAGAIN { return nil }
            guard errno == EINTR else { throw SystemError(number: errno) }
        }
    }

    /// Waits; returns early at any event or signal.
    func wait(for readiness: Readiness, milliseconds: Int32) {
        var entry = pollfd(fd: descriptor, events: readiness.rawValue, revents: 0)
        _ = unsafe poll(&entry, 1, milliseconds)
    }

    /// Says to the other side that nothing more comes.
    func closeWriting() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends both directions; whoever waits wakes up.
    func closeBoth() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }
}

/// A system call said no.
struct SystemError: Error {
    let number: Int32
}
