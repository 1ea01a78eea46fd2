/// Bytes that were read ahead of those who want them, so that small pieces do not cost a system call each.
///
/// Guarded by the lock of the tunnel that has it.
@safe
final class ReceiveBuffer {
    private static let capacity = 128 << 10
    // SAFETY: allocated here, freed in deinit; `start...end` stays within the capacity.
    private let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    private var start = 0
    private var end = 0
    /// Bytes that go before those of the storage.
    private var front: ArraySlice<UInt8> = []

    deinit {
        unsafe storage.deallocate()
    }

    /// Puts bytes in front of all others.
    func giveBack(_ bytes: [UInt8]) { front = bytes[...] }

    /// Takes bytes, from the socket if there are no others.
    ///
    /// - Returns: How many; 0 at the end; nil when nothing has come yet.
    func take(
        _ room: UnsafeMutableRawBufferPointer, from socket: borrowing SocketHandle
    ) throws(SystemError) -> Int? {
        if unsafe room.isEmpty { return nil }
        if !front.isEmpty {
            let count = min(room.count, front.count)
            unsafe room.copyBytes(from: front.prefix(count))
            front = front.dropFirst(count)
            return count
        }
        if start == end {
            if room.count >= Self.capacity { return unsafe try socket.receive(room) }
            guard let count = try unsafe socket.receive(storage) else { return nil }
            (start, end) = (0, count)
            if count == 0 { return 0 }
        }
        let count = min(room.count, end - start)
        unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<(start + count)]))
        start += count
        return count
    }
}
