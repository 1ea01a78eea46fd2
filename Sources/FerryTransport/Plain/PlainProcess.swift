import FerryCore
import FerryThreads

/// A command of a ``PlainSandbox``.
///
/// Who writes fills one piece at a time; who reads waits for the end of the input, has the command run, and takes one piece of its
/// output at a time.
final class PlainProcess: SandboxProcess {
    private struct State {
        /// Whether a thread is making a call; another one waits.
        var isBusy = false
        /// What was written and not handed over yet.
        var piece: [UInt8] = []
        var pieces = 0
        var lastSize = 0
        var inputIsClosed = false
        var outcome: PlainReply.Outcome?
        /// The piece of output that is being read.
        var output: [UInt8] = []
        var taken = 0
        var nextOutput = 0
        var exit: SandboxExit?
        var failure: TransportError?
    }

    private let workplace: PlainWorkplace
    private let command: SandboxCommand
    private let text: [UInt8]
    private let number: Int
    private let pieceSize: Int
    private let end: ContinuousClock.Instant?
    private let state = Monitor(State())

    /// How much longer than the command is waited for the client to say that time was up.
    private static let grace = Duration.seconds(5)

    init(_ command: SandboxCommand, _ text: [UInt8], number: Int, in workplace: PlainWorkplace) {
        self.workplace = workplace
        self.command = command
        self.text = text
        self.number = number
        pieceSize = workplace.limits.piece.size
        end = command.deadline.map { .now + $0 }
    }

    deinit { workplace.leave(number) }

    // MARK: Input

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        var start = 0
        while start < bytes.count {
            let (taken, isFull) = try gather(bytes.extracting(start...))
            start += taken
            if isFull { try exclusively { () throws(TransportError) in try handOver() } }
        }
    }

    /// Adds to the piece.
    private func gather(_ bytes: Span<UInt8>) throws(TransportError) -> (taken: Int, isFull: Bool) {
        try state.withLock { () throws(TransportError) in
            if let failure = state.state.failure { throw failure }
            guard !state.state.inputIsClosed else { throw error(.closedInput, "its input was closed") }
            let taken = min(bytes.count, pieceSize - state.state.piece.count)
            Self.append(bytes.extracting(first: taken), to: &state.state.piece)
            return (taken, state.state.piece.count == pieceSize)
        }
    }

    private static func append(_ bytes: Span<UInt8>, to piece: inout [UInt8]) {
        for index in bytes.indices { piece.append(bytes[index]) }
    }

    /// Writes the piece to a file in the sandbox.
    private func handOver() throws(TransportError) {
        var (piece, index) = state.withLock { (exchange(&state.state.piece, with: []), state.state.pieces + 1) }
        guard !piece.isEmpty else { return }
        let path = "\(workplace.path)/\(number).i\(index)"
        let size = piece.count
        try call("writing a file") { [piece] in try await $0.writeFile(path, piece) }
        piece.removeAll(keepingCapacity: true)
        state.withLock {
            state.state.piece = piece
            state.state.pieces = index
            state.state.lastSize = size
        }
    }

    func closeInput() throws(TransportError) {
        try exclusively { () throws(TransportError) in try finishInput() }
    }

    private func finishInput() throws(TransportError) {
        guard !state.withLock({ state.state.inputIsClosed }) else { return }
        try handOver()
        state.withLock {
            state.state.piece = []
            state.state.inputIsClosed = true
            state.broadcast()
        }
    }

    // MARK: Output

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        try waitForEndOfInput()
        while true {
            let count = try takeOutput(into: &buffer)
            if count > 0 { return count }
            let isMore = try exclusively { () throws(TransportError) in
                try runOnce()
                return try fetchOutput()
            }
            if !isMore { return 0 }
        }
    }

    private func waitForEndOfInput() throws(TransportError) {
        let isLate = try state.withLock { () throws(TransportError) -> Bool in
            while true {
                if let failure = state.state.failure { throw failure }
                if state.state.inputIsClosed { return false }
                guard let end else {
                    state.wait()
                    continue
                }
                if .now >= end { return true }
                state.wait(atMost: end - .now)
            }
        }
        if isLate { throw fail(error(.timedOut, "its deadline was over before its input had ended")) }
    }

    private func takeOutput(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        let (output, start) = try state.withLock { () throws(TransportError) in
            if let failure = state.state.failure { throw failure }
            return (state.state.output, state.state.taken)
        }
        let count = min(buffer.count, output.count - start)
        guard count > 0 else { return 0 }
        Self.copy(output.span.extracting(start..<(start + count)), to: &buffer)
        state.withLock { state.state.taken = start + count }
        return count
    }

    private static func copy(_ bytes: Span<UInt8>, to buffer: inout MutableSpan<UInt8>) {
        for index in bytes.indices { buffer[index] = bytes[index] }
    }

    /// Reads the next piece of output; false when there is none.
    private func fetchOutput() throws(TransportError) -> Bool {
        let (outcome, index) = state.withLock { (state.state.outcome, state.state.nextOutput) }
        guard let outcome, index < outcome.pieces else {
            state.withLock { state.state.output = [] }
            return false
        }
        // Before the next one comes, so that there is never more than one.
        state.withLock {
            state.state.output = []
            state.state.taken = 0
        }
        let expected = index == outcome.pieces - 1 ? outcome.lastSize : pieceSize
        let piece = try fetch("o\(index)", of: expected, outcome)
        state.withLock {
            state.state.output = piece
            state.state.nextOutput = index + 1
        }
        return true
    }

    private func fetch(_ name: String, of size: Int, _ outcome: PlainReply.Outcome) throws(TransportError) -> [UInt8] {
        let path = "\(outcome.isBeside ? workplace.pathBeside : workplace.path)/\(number).\(name)"
        let content = try call("reading a file") { try await $0.readFile(path) }
        guard content.count == size else {
            throw error(
                .malformed, "reading a file gave \(content.count) bytes of \(size): the client cuts or changes them",
                "run the same command again; if it happens each time, the way to the sandbox loses data")
        }
        return content
    }

    // MARK: The end

    func wait() throws(TransportError) -> SandboxExit {
        if let exit = state.withLock({ state.state.exit }) { return exit }
        return try exclusively { () throws(TransportError) in
            if let exit = state.withLock({ state.state.exit }) { return exit }
            try finishInput()
            try runOnce()
            guard let outcome = state.withLock({ state.state.outcome }) else { throw error(.malformed, "it never ran") }
            let tail = outcome.errorSize > 0 ? try fetch("e", of: outcome.errorSize, outcome) : []
            let exit = SandboxExit(status: outcome.status, errorTail: tail)
            state.withLock {
                state.state.output = []
                state.state.nextOutput = outcome.pieces
                state.state.exit = exit
            }
            workplace.leave(number)
            return exit
        }
    }

    func terminate() {
        let isFirst = state.withLock { () -> Bool in
            guard state.state.exit == nil, state.state.failure == nil else { return false }
            state.state.failure = error(.cancelled, "it was told to stop")
            state.broadcast()
            return true
        }
        if isFirst { workplace.calls.stop(number) }
        workplace.leave(number)
    }

    private func runOnce() throws(TransportError) {
        guard state.withLock({ state.state.outcome == nil }) else { return }
        let (pieces, lastSize) = state.withLock { (state.state.pieces, state.state.lastSize) }
        let program = try workplace.program(
            text, number, for: command.purpose, atMost: try remaining(of: callLimit))
        let nonce = RemoteNonce()
        let (size, block, blocks) = workplace.limits.piece
        let line =
            "sh \(program) \(number) \(pieces) \(size) \(lastSize) \(nonce.text) \(block) \(blocks)"
            + (workplace.isAlone(number) ? " alone" : " shared")
        let limit = try remaining(of: workplace.limits.longestRun)
        let start = ContinuousClock.now
        workplace.begin()
        let result = try call("running a command", atMost: limit + Self.grace) {
            try await $0.run(line, timeout: limit)
        }
        let complaints = Array(result.errors.suffix(SandboxExit.longestErrorTail))
        guard let reply = PlainReply.find(in: result.output, nonce: nonce) else {
            if .now - start >= limit { throw error(.timedOut, "its time of \(limit) was over", "allow more time") }
            throw missingReply(result, complaints)
        }
        switch reply {
        case .lost(let piece):
            throw error(
                .malformed, "file \(piece) of \(pieces) with its input did not arrive whole",
                "run the same command again; if it happens each time, the way to the sandbox loses data")
        case .done(let outcome):
            if !outcome.isBeside { workplace.stayedInside() }
            guard outcome.isKept else { throw overflow(outcome, complaints) }
            state.withLock { state.state.outcome = outcome }
        }
    }

    /// Why the runner said nothing, or nothing that makes sense.
    private func missingReply(_ result: PlainResult, _ complaints: [UInt8]) -> TransportError {
        let tail = complaints.isEmpty ? Array(result.output.suffix(SandboxExit.longestErrorTail)) : complaints
        var failure = error(
            .malformed, "the result of a command was lost or cut",
            "run the same command again; if it happens each time, the client does not return what a command prints")
        failure.status = result.status
        failure.errorTail = tail
        if Self.isFullDisk(tail) {
            failure.code = .noSpace
            failure.reason = "a disk there is full"
            failure.advice = "make room in \(workplace.limits.directory) of the sandbox and run the same command again"
        } else if result.status == 127 || result.status == 126 {
            failure.code = .missingTool
            failure.reason =
                "a tool is missing that a command needs there: sh, cat, wc, tail, or a dd that knows fullblock"
            failure.advice = "use an image that has them, for example one with busybox"
        }
        return failure
    }

    /// Why the output could not be kept.
    private func overflow(_ outcome: PlainReply.Outcome, _ complaints: [UInt8]) -> TransportError {
        let tail = complaints + ((try? fetch("e", of: outcome.errorSize, outcome)) ?? [])
        var failure = error(
            .commandFailed, "what the command printed could not be kept in a file",
            "see \(workplace.limits.directory) of the sandbox")
        if Self.isFullDisk(tail) {
            failure.code = .noSpace
            failure.reason = "a disk there is full"
            failure.advice = "make room in \(workplace.limits.directory) of the sandbox and run the same command again"
        }
        failure.errorTail = tail
        return failure
    }

    private static func isFullDisk(_ text: [UInt8]) -> Bool {
        let text = String(decoding: text, as: UTF8.self)
        return text.contains("No space left on device") || text.contains("Disk quota exceeded")
    }

    // MARK: Calls

    private var callLimit: Duration { command.idleTimeout ?? workplace.limits.longestCall }

    private func call<Value: Sendable>(
        _ what: String, atMost limit: Duration? = nil,
        _ body: @escaping @Sendable (any PlainClient) async throws -> Value
    ) throws(TransportError) -> Value {
        let limit = if let limit { limit } else { try remaining(of: callLimit) }
        return try workplace.calls.make(
            what, for: .init(command: number, text: command.purpose), atMost: limit, body)
    }

    /// What the deadline leaves of a time.
    private func remaining(of limit: Duration) throws(TransportError) -> Duration {
        guard let end else { return limit }
        let left = end - .now
        guard left > .zero else { throw error(.timedOut, "its deadline was over") }
        return min(left, limit)
    }

    /// Keeps another thread's calls out; what fails, fails for good.
    private func exclusively<Value>(_ body: () throws(TransportError) -> Value) throws(TransportError) -> Value {
        try state.withLock { () throws(TransportError) in
            while state.state.isBusy && state.state.failure == nil { state.wait() }
            if let failure = state.state.failure { throw failure }
            state.state.isBusy = true
        }
        defer {
            state.withLock {
                state.state.isBusy = false
                state.broadcast()
            }
        }
        do throws(TransportError) { return try body() } catch { throw fail(error) }
    }

    /// Notes why nothing works any more; the first reason stays.
    private func fail(_ error: TransportError) -> TransportError {
        state.withLock {
            if let failure = state.state.failure { return failure }
            state.state.failure = error
            state.broadcast()
            return error
        }
    }

    private func error(_ code: TransportError.Code, _ reason: String, _ advice: String = "") -> TransportError {
        TransportError(code, sandbox: workplace.sandbox, purpose: command.purpose, reason: reason, advice: advice)
    }
}

/// Puts something in the place of a value and returns what was there.
private func exchange<Value>(_ value: inout Value, with replacement: Value) -> Value {
    defer { value = replacement }
    return value
}
