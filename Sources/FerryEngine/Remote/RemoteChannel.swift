import FerryArchive
import FerryCore
import FerryTransport

/// The dialogue with the script of one session: requests go out as lines and lists, strings with a NUL behind them come in.
///
/// One thread uses it at a time.
final class RemoteChannel {
    let process: any SandboxProcess
    let sandbox: String
    let nonce: RemoteNonce
    /// What is being done, for messages.
    var purpose: String
    /// The bytes that came so far.
    private(set) var receivedBytes: Int64 = 0
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    /// What came behind that, in the order in which it came.
    private var ahead = ReadAhead()
    private var start = 0
    private var end = 0

    init(_ process: any SandboxProcess, sandbox: String, nonce: RemoteNonce, purpose: String) {
        self.process = process
        self.sandbox = sandbox
        self.nonce = nonce
        self.purpose = purpose
    }

    /// Whether everything that came was taken.
    var isDrained: Bool { start == end && ahead.count == 0 }

    // MARK: Out

    /// Sends a request's line.
    func send(line: String) throws(TransportError) {
        try send(Array((line + "\n").utf8))
    }

    func send(_ bytes: [UInt8]) throws(TransportError) {
        do throws(TransportError) { try process.write(bytes.span) } catch { throw explained(error) }
    }

    /// Sends a list: its pieces, then its length.
    func send(_ list: RemoteList) throws(TransportError) {
        for piece in list.pieces { try send(Array("piece \(piece.count)\n".utf8) + piece) }
        try send(line: "end \(list.byteCount)")
    }

    // MARK: In

    /// Takes the next string, without its NUL.
    ///
    /// - Parameter limit: How long it may be.
    /// - Returns: The string; nil at the end of the output.
    /// - Throws: ``RemoteFailure``; a string that is too long, or is cut, is one.
    func string(limit: Int) throws(RemoteFailure) -> [UInt8]? {
        var searched = start
        while true {
            if let nul = buffer.span.firstNUL(in: searched..<end) {
                defer { start = nul + 1 }
                return Array(buffer[start..<nul])
            }
            searched = end
            guard end - start <= limit else {
                throw .refused(RefusedListing("a string is longer than the limit of \(limit) bytes"))
            }
            let before = start
            guard try fill() else {
                guard start == end else { throw .transport(cut()) }
                return nil
            }
            searched -= before - start
        }
    }

    /// Takes the next three strings, if they are there already and the first is what is wanted.
    ///
    /// An entry of a listing is such three, and a listing may have a million: nothing is made of the first, and nothing is copied.
    ///
    /// - Parameter isWanted: Whether the first, without its NUL, is.
    /// - Returns: The second and the third, to be dropped before more is taken; nil when nothing was taken.
    func threeStrings(_ isWanted: (Span<UInt8>) -> Bool) -> (second: ArraySlice<UInt8>, third: ArraySlice<UInt8>)? {
        guard let ends = Self.threeNULs(in: buffer.span, start..<end, isWanted) else { return nil }
        start = ends.third + 1
        return (buffer[(ends.first + 1)..<ends.second], buffer[(ends.second + 1)..<ends.third])
    }

    private static func threeNULs(
        in bytes: Span<UInt8>, _ range: Range<Int>, _ isWanted: (Span<UInt8>) -> Bool
    ) -> (first: Int, second: Int, third: Int)? {
        guard let first = bytes.firstNUL(in: range), isWanted(bytes.extracting(range.lowerBound..<first)),
            let second = bytes.firstNUL(in: (first + 1)..<range.upperBound),
            let third = bytes.firstNUL(in: (second + 1)..<range.upperBound)
        else { return nil }
        return (first, second, third)
    }

    /// Takes the next string, which must be there.
    func nextString(limit: Int) throws(RemoteFailure) -> [UInt8] {
        guard let string = try string(limit: limit) else { throw .transport(cut()) }
        return string
    }

    /// Takes the next string, which must be a mark.
    ///
    /// - Parameter word: Its first word.
    /// - Returns: The other words.
    /// - Throws: ``RemoteFailure``.
    func mark(_ word: String) throws(RemoteFailure) -> [String] {
        let string = try nextString(limit: 4_096)
        guard let words = nonce.words(of: string) else { throw .transport(surprise(string)) }
        if words.first == "failed" { throw .transport(stepFailure(words.dropFirst().first ?? "")) }
        guard words.first == word else { throw .transport(surprise(string)) }
        return Array(words.dropFirst())
    }

    /// Passes over what a sandbox prints before the script begins, up to a mark.
    ///
    /// - Parameters:
    ///   - mark: The whole mark.
    ///   - limit: How much there may be.
    /// - Returns: Whether it came.
    /// - Throws: ``TransportError``.
    func skip(to mark: [UInt8], limit: Int) throws(TransportError) -> Bool {
        let mark = mark + [0]
        while true {
            if let found = Self.firstRange(of: mark, in: buffer, start..<end) {
                start = found + mark.count
                return true
            }
            guard end - start <= limit, try fillOrThrow() else { return false }
        }
    }

    /// Takes in what comes and leaves it to be read: who sends would wait for a full pipe else.
    ///
    /// For an answer that ends with a mark, behind which nothing comes.
    ///
    /// - Parameters:
    ///   - limit: How much is kept at most.
    ///   - goesOn: Whether to take in more.
    /// - Throws: ``TransportError``.
    func readAhead(limit: Int, while goesOn: () -> Bool) throws(TransportError) {
        while goesOn(), ahead.count < limit, !ahead.endsWithMark(nonce.prefix, after: buffer[start..<end]) {
            let count = try explained { () throws(TransportError) in
                try ahead.fill { (room) throws(TransportError) in try process.read(into: &room) }
            }
            if count == 0 { return }
            receivedBytes += Int64(count)
        }
    }

    private func explained<Value>(_ body: () throws(TransportError) -> Value) throws(TransportError) -> Value {
        do throws(TransportError) { return try body() } catch { throw explained(error) }
    }

    private func fill() throws(RemoteFailure) -> Bool {
        do throws(TransportError) { return try fillOrThrow() } catch { throw .transport(error) }
    }

    /// Reads more; false at the end.
    private func fillOrThrow() throws(TransportError) -> Bool {
        if start > 0 {
            buffer.replaceSubrange(0..<(end - start), with: Array(buffer[start..<end]))
            end -= start
            start = 0
        }
        if buffer.count - end < buffer.count / 2 { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
        let moved = ahead.move(into: &buffer, at: end)
        end += moved
        if moved > 0 { return true }
        var rest = buffer.mutableSpan
        var room = rest._mutatingExtracting(end...)
        let count: Int
        do throws(TransportError) { count = try process.read(into: &room) } catch { throw explained(error) }
        end += count
        receivedBytes += Int64(count)
        return count > 0
    }

    private static func firstRange(of mark: [UInt8], in bytes: [UInt8], _ range: Range<Int>) -> Int? {
        guard range.count >= mark.count else { return nil }
        for index in range.lowerBound...(range.upperBound - mark.count)
        where bytes[index] == mark[0] && bytes[index..<(index + mark.count)].elementsEqual(mark) {
            return index
        }
        return nil
    }

    // MARK: Errors

    /// Gives an error of the transport this step's name.
    func explained(_ error: TransportError) -> TransportError {
        var error = error
        error.purpose = purpose
        return error
    }

    /// The error for an output that ended too early: how the command ended says why.
    func cut() -> TransportError {
        do throws(TransportError) {
            let exit = try process.wait()
            return RemoteExit.error(exit, sandbox: sandbox, purpose: purpose)
        } catch {
            return explained(error)
        }
    }

    /// The error for a step that the script itself says has failed.
    private func stepFailure(_ step: String) -> TransportError {
        var error = cut()
        error.reason = RemoteExit.reason(ofStep: step)
        return error
    }

    func surprise(_ string: [UInt8]) -> TransportError {
        TransportError(
            .malformed, sandbox: sandbox, purpose: purpose,
            reason: "it answered '\(displayName(of: string.prefix(200)))', which is no answer to that",
            advice: "see what else writes to the command's output")
    }
}

/// What the end of a command says.
enum RemoteExit {
    /// The error for a command that ended before it had said everything.
    static func error(_ exit: SandboxExit, sandbox: String, purpose: String) -> TransportError {
        var error = TransportError(
            .commandFailed, sandbox: sandbox, purpose: purpose, reason: "the command ended early", status: exit.status,
            errorTail: exit.errorTail)
        // The shell first: some print the whole command that they could not run, and so every word in it.
        if exit.status == 127 || exit.status == 126 {
            error.code = .missingTool
            error.reason = "there is no POSIX shell that could be run"
            error.advice = "use an image that has sh and tar, for example one with busybox"
        } else if isFullDisk(exit.errorTail) {
            error.code = .noSpace
            error.reason = "a disk there is full"
            error.advice = "make room in the sandbox and run the same command again"
        } else if exit.status == 0 {
            error.code = .malformed
            error.reason = "its output was cut off"
            error.advice = "run the same command again; if it happens each time, the way to the sandbox loses data"
        }
        return error
    }

    static func isFullDisk(_ text: [UInt8]) -> Bool {
        let text = String(decoding: text, as: UTF8.self)
        return text.contains("No space left on device") || text.contains("Disk quota exceeded")
    }

    static func reason(ofStep step: String) -> String {
        switch step {
        case "mkdir": "the directory cannot be made"
        case "root": "the directory cannot be entered"
        case "temporary": "a temporary directory cannot be made in the directory"
        case "list": "a list of names did not arrive whole or could not be stored"
        default: "the step '\(displayName(of: step.utf8.prefix(40)))' failed"
        }
    }
}
