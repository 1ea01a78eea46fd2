import FerryCore
import FerryTransport
import Synchronization

/// What a sandbox said about an archive that it sent; known when the archive was read to its end.
final class RemoteSendOutcome: Sendable {
    private let contents = Mutex<(status: Int32, messages: [UInt8])?>(nil)

    init() {}

    /// The status of its tar: 0, or another number when some entries are missing; nil before the end.
    var status: Int32? { contents.withLock { $0?.status } }
    /// The last words of its tar.
    var messages: [UInt8] { contents.withLock { $0?.messages ?? [] } }

    fileprivate func set(_ status: Int32, _ messages: [UInt8]) {
        contents.withLock { $0 = (status, messages) }
    }
}

/// An archive that a sandbox sends: the output of its tar, and behind it a trailer with the nonce and how its tools ended.
///
/// As many bytes as the trailer has are held back until the end. What was cut has none, whatever the command's status; what was sent
/// twice has something behind it.
struct RemoteArchiveSource: ~Copyable, ByteSource {
    private let process: any SandboxProcess
    private let sandbox: String
    private let purpose: String
    private let trailerStart: [UInt8]
    /// The last bytes that came, at most as many as the trailer has.
    private var held: [UInt8] = []
    private var hasClosedInput: Bool
    private var hasEnded = false
    /// Whether the archive may be several, one after the other.
    let joinsArchives: Bool
    /// What the sandbox said, at the end.
    let outcome: RemoteSendOutcome

    init(
        _ process: any SandboxProcess, sandbox: String, purpose: String, nonce: RemoteNonce, joinsArchives: Bool,
        inputIsClosed: Bool = false, outcome: RemoteSendOutcome
    ) {
        hasClosedInput = inputIsClosed
        self.process = process
        self.sandbox = sandbox
        self.purpose = purpose
        self.joinsArchives = joinsArchives
        self.outcome = outcome
        trailerStart = [0x0A] + nonce.prefix + Array("sent ".utf8)
    }

    deinit { if !hasEnded { process.terminate() } }

    /// Two numbers of three digits, the space between them and the line's end.
    private var trailerSize: Int { trailerStart.count + 8 }

    mutating func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        guard !hasEnded else { return 0 }
        // The held bytes go in front again, so that all but the last few are read to where they stay.
        guard buffer.count > trailerSize else { return try readLittle(into: &buffer) }
        while true {
            for index in held.indices { buffer[index] = held[index] }
            let count: Int
            do throws(TransportError) {
                var room = buffer._mutatingExtracting(held.count...)
                count = try process.read(into: &room)
            } catch {
                throw explained(error)
            }
            guard count > 0 else { return try finish() }
            let total = held.count + count
            let ready = max(total - trailerSize, 0)
            held.removeAll(keepingCapacity: true)
            for index in ready..<total { held.append(buffer[index]) }
            try closeInputAtTrailer()
            if ready > 0 { return ready }
        }
    }

    /// For a buffer with hardly any room: by way of a larger one.
    private mutating func readLittle(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        let wanted = buffer.count
        while held.count < trailerSize + wanted {
            var piece = [UInt8](repeating: 0, count: trailerSize + wanted - held.count)
            var room = piece.mutableSpan
            let count: Int
            do throws(TransportError) { count = try process.read(into: &room) } catch { throw explained(error) }
            guard count > 0 else { break }
            held += piece[..<count]
            // Here, not after the loop: with the trailer come, nothing more does before the input is closed.
            try closeInputAtTrailer()
        }
        let ready = min(max(held.count - trailerSize, 0), wanted)
        guard ready > 0 else { return try finish() }
        for index in 0..<ready { buffer[index] = held[index] }
        held.removeFirst(ready)
        return ready
    }

    private var endsWithTrailer: Bool {
        held.count >= trailerSize && held.suffix(trailerSize).starts(with: trailerStart)
    }

    /// The script ends when its input does: not before all of its output has been read.
    private mutating func closeInputAtTrailer() throws(TransportError) {
        guard !hasClosedInput, endsWithTrailer else { return }
        hasClosedInput = true
        // A line first: some ways hide the end of the input, and the script waits for either.
        do throws(TransportError) {
            try process.write([0x0A].span)
            try process.closeInput()
        } catch {
            if error.code != .closedInput { throw explained(error) }
        }
    }

    /// Checks the trailer.
    private mutating func finish() throws(TransportError) -> Int {
        hasEnded = true
        let exit: SandboxExit
        do throws(TransportError) { exit = try process.wait() } catch { throw explained(error) }
        let again = "run the same command again"
        guard held.count == trailerSize, held.starts(with: trailerStart) else {
            var error = RemoteExit.error(exit, sandbox: sandbox, purpose: purpose)
            if error.code == .malformed { error.reason = "the archive was cut, or something follows it" }
            throw error
        }
        let numbers = held.dropFirst(trailerStart.count).dropLast().split(separator: 0x20)
            .map { Int32(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 2, let tar = numbers[0], let compressor = numbers[1] else {
            throw failure(.malformed, "its trailer makes no sense", again, exit)
        }
        guard compressor == 0 else {
            throw failure(.commandFailed, "its compressor failed with status \(compressor)", again, exit)
        }
        switch tar {
        case 0, 1, 2, 123:
            // Names that have vanished, or that this user may not read: whoever asked for them sees which.
            outcome.set(tar, exit.errorTail)
            return 0
        case 126, 127: throw failure(.missingTool, "its tar cannot be run", "install tar in the sandbox", exit)
        case 254: throw failure(.malformed, "the list of names did not reach it whole", again, exit)
        default: throw failure(.commandFailed, "its tar failed with status \(tar)", again, exit)
        }
    }

    private func failure(
        _ code: TransportError.Code, _ reason: String, _ advice: String, _ exit: SandboxExit
    ) -> TransportError {
        TransportError(
            code, sandbox: sandbox, purpose: purpose, reason: reason, advice: advice, status: exit.status,
            errorTail: exit.errorTail)
    }

    private func explained(_ error: TransportError) -> TransportError {
        var error = error
        error.purpose = purpose
        return error
    }
}
