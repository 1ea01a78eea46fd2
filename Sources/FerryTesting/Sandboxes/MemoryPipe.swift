import FerryThreads

/// A bounded pipe within this process.
final class MemoryPipe: Sendable {
    /// Why nothing more goes through.
    enum Stop: Error, Sendable {
        /// Nobody reads any more.
        case closed
        /// Somebody asked to stop.
        case cancelled
        /// It took too long.
        case timedOut
    }

    private struct State {
        var bytes: [UInt8] = []
        var isEnded = false
        var isClosed = false
        var stop: Stop?
    }

    private static let capacity = 64 << 10
    private let state = Monitor(State())

    /// Hands over bytes; waits for room.
    func write(_ bytes: Span<UInt8>) throws(Stop) {
        var sent = 0
        while sent < bytes.count {
            let room = try roomForBytes()
            let part = bytes.extracting(sent..<min(bytes.count, sent + room))
            append(part)
            sent += part.count
        }
    }

    private func roomForBytes() throws(Stop) -> Int {
        try state.withLock { () throws(Stop) -> Int in
            while true {
                if let stop = state.state.stop { throw stop }
                if state.state.isClosed || state.state.isEnded { throw .closed }
                let room = Self.capacity - state.state.bytes.count
                if room > 0 { return room }
                state.wait()
            }
        }
    }

    private func append(_ part: Span<UInt8>) {
        var copy: [UInt8] = []
        copy.reserveCapacity(part.count)
        for index in part.indices { copy.append(part[index]) }
        state.withLock {
            state.state.bytes += copy
            state.broadcast()
        }
    }

    /// Takes at most so many bytes; waits for some.
    ///
    /// - Returns: The bytes; none at the end.
    func read(atMost count: Int) throws(Stop) -> [UInt8] {
        try state.withLock { () throws(Stop) -> [UInt8] in
            while true {
                if let stop = state.state.stop { throw stop }
                if !state.state.bytes.isEmpty {
                    let taken = Array(state.state.bytes.prefix(count))
                    state.state.bytes.removeFirst(taken.count)
                    state.broadcast()
                    return taken
                }
                if state.state.isEnded { return [] }
                state.wait()
            }
        }
    }

    /// No more is written.
    func end() { change { $0.isEnded = true } }
    /// No more is read.
    func close() {
        change {
            $0.isClosed = true
            $0.bytes = []
        }
    }
    /// Wakes everybody for good.
    func stop(_ reason: Stop) { change { $0.stop = $0.stop ?? reason } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock {
            body(&state.state)
            state.broadcast()
        }
    }
}
