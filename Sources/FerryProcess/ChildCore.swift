import CFerryShims
import FerryThreads
import Glibc
import SystemPackage

/// A child process as its supervisor and its users share it.
///
/// One thread, the supervisor, keeps its standard error flowing, watches its deadline, and is the only one that reaps it. A signal is
/// only ever sent under the lock and before that, so it cannot meet another process that got the same number.
final class ChildCore: Sendable {
    /// How long a child may take to end by itself when it was told to.
    static let grace = Duration.seconds(2)

    /// How a child ended.
    enum Outcome: Sendable {
        /// As waitpid(2) tells it.
        case ended(Int32)
        /// Something else in this process reaped it.
        case lost
    }

    struct State: Sendable {
        var input: Descriptor?
        /// Why everybody who waits is to give up; the first reason counts.
        var stop: ProcessError?
        var outcome: Outcome?
        /// Whether it ended before anybody told it to.
        var endedFreely = false
        /// Whether somebody waits for its end and nobody needs its output any more.
        var isFinishing = false
        /// Whether it was reaped.
        var isOver = false
        var lastActivity = ContinuousClock.now
        var errorTail: ByteTail
    }

    let launch: ChildLaunch
    let output: Descriptor
    let state: Monitor<State>
    private let child: Int32
    private let errors: Descriptor
    private let stopEvent: Descriptor
    private let wakeEvent: Descriptor
    private let end: Descriptor?
    private let dueTime: ContinuousClock.Instant?

    init(_ launch: ChildLaunch) throws(ProcessError) {
        self.launch = launch
        let input = try Descriptor.pipe()
        let output = try Descriptor.pipe()
        let errors = try Descriptor.pipe()
        stopEvent = try Descriptor.event()
        wakeEvent = try Descriptor.event()
        for descriptor in [input.write, output.read, errors.read] { try descriptor.stopWaiting() }
        self.output = output.read
        self.errors = errors.read
        state = Monitor(State(input: input.write, errorTail: ByteTail(limit: launch.errorLimit)))
        child = try launch.spawn(input: input.read, output: output.write, errors: errors.write)
        let end = ferry_open_child(child)
        self.end = end >= 0 ? Descriptor(end) : nil
        dueTime = launch.deadline.map { ContinuousClock.now + $0 }
        do throws(ThreadError) {
            try BlockingThread(named: "child") { self.supervise() }.detach()
        } catch {
            send(SIGKILL)
            reap()
            throw .system(call: "pthread_create", Errno(rawValue: error.errno))
        }
    }

    // MARK: What its users do

    /// Why everybody is to give up, if so.
    var stopReason: ProcessError? { state.withLock { state.state.stop } }

    /// Notes that bytes went through.
    func touch() { state.withLock { state.state.lastActivity = .now } }

    /// Gives everybody a reason to give up and tells the child to end.
    func stop(_ reason: ProcessError) {
        let isNew = state.withLock { () -> Bool in
            guard state.state.stop == nil, !state.state.isOver else { return false }
            state.state.stop = reason
            if state.state.outcome == nil { send(SIGTERM) }
            state.broadcast()
            return true
        }
        guard isNew else { return }
        stopEvent.raise()
        wakeEvent.raise()
    }

    /// Lets the supervisor finish as soon as the child has ended.
    func finish() {
        state.withLock { state.state.isFinishing = true }
        wakeEvent.raise()
    }

    /// Waits for a descriptor as long as the child's limits allow.
    ///
    /// - Parameters:
    ///   - item: What to wait for.
    ///   - limit: How long at most; nil: no limit but the child's.
    /// - Throws: The reason to give up.
    func wait(for item: Awaited, atMost limit: Duration? = nil) throws(ProcessError) {
        let start = ContinuousClock.now
        let end = limit.map { start + $0 }
        while true {
            if let reason = stopReason { throw reason }
            var due = try checkLimits(since: start)
            if let end {
                guard .now < end else { return }
                due = min(due ?? end, end)
            }
            let ready = try Awaited.wait(for: [item, .readable(stopEvent)], atMost: due.map { $0 - .now })
            if ready[0] && !ready[1] { return }
        }
    }

    /// Stops the child when one of its limits is exceeded.
    ///
    /// - Parameter start: When the caller began to wait; what was silent before, while nobody waited, does not count.
    /// - Returns: When to look again.
    /// - Throws: The reason to give up.
    func checkLimits(since start: ContinuousClock.Instant) throws(ProcessError) -> ContinuousClock.Instant? {
        var due: ContinuousClock.Instant?
        if let idleTimeout = launch.idleTimeout {
            let limit = max(start, state.withLock { state.state.lastActivity }) + idleTimeout
            guard .now < limit else { throw stopped(.idle) }
            due = limit
        }
        if let dueTime {
            guard .now < dueTime else { throw stopped(.deadline) }
            due = min(due ?? dueTime, dueTime)
        }
        return due
    }

    private func stopped(_ reason: ProcessError) -> ProcessError {
        stop(reason)
        return stopReason ?? reason
    }

    // MARK: What the supervisor does

    private func supervise() {
        var errorsAreOpen = true
        var killTime: ContinuousClock.Instant?
        while true {
            let (stop, outcome, isFinishing) = state.withLock {
                (state.state.stop, state.state.outcome, state.state.isFinishing)
            }
            if outcome != nil && (isFinishing || stop != nil) { break }
            var limit: Duration?
            if stop != nil {
                let time = killTime ?? .now + Self.grace
                killTime = time
                limit = time - .now
                if time <= .now {
                    state.withLock { send(SIGKILL) }
                    limit = Self.grace
                }
            } else if let dueTime, outcome == nil {
                guard .now < dueTime else {
                    self.stop(.deadline)
                    continue
                }
                limit = dueTime - .now
            }
            // Without a descriptor for the end there is only asking now and then.
            if end == nil && outcome == nil { limit = min(limit ?? .seconds(1), .milliseconds(20)) }
            waitForNews(atMost: limit, errorsAreOpen: &errorsAreOpen, hasEnded: outcome != nil)
        }
        if errorsAreOpen { drainErrors() }
        state.withLock {
            if launch.endsGroup || state.state.stop != nil { killRest() }
            reap()
            state.state.isOver = true
            state.broadcast()
        }
    }

    private func waitForNews(atMost limit: Duration?, errorsAreOpen: inout Bool, hasEnded: Bool) {
        let awaited: [Awaited?] = [
            errorsAreOpen ? .readable(errors) : nil, hasEnded ? nil : end.map { .readable($0) }, .readable(wakeEvent),
        ]
        // poll(2) fails only for want of memory; then everything is looked at, and again soon.
        let ready = (try? Awaited.wait(for: awaited, atMost: limit)) ?? [true, true, true]
        if ready[2] { wakeEvent.lower() }
        if ready[0] && errorsAreOpen { errorsAreOpen = takeErrors() }
        if !hasEnded && (ready[1] || end == nil) { peek() }
    }

    private func peek() {
        var status: Int32 = 0
        let found = unsafe ferry_peek_child(child, &status)
        guard found != 0 else { return }
        state.withLock {
            state.state.outcome = found > 0 ? .ended(status) : .lost
            state.state.endedFreely = state.state.stop == nil
            state.broadcast()
        }
    }

    /// Takes what there is of standard error.
    ///
    /// - Returns: Whether more may come.
    private func takeErrors() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var span = buffer.mutableSpan
        guard let count = try? errors.readAvailable(into: &span) else { return true }
        guard count > 0 else { return false }
        state.withLock {
            state.state.errorTail.append(buffer[..<count])
            state.state.lastActivity = .now
        }
        return true
    }

    /// Takes what the child wrote before it ended; what others write on to the same pipe is cut off.
    private func drainErrors() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        for _ in 0..<64 {
            var span = buffer.mutableSpan
            guard let count = try? errors.readAvailable(into: &span), count > 0 else { return }
            state.withLock { state.state.errorTail.append(buffer[..<count]) }
        }
    }

    // MARK: Signals, under the lock

    private func send(_ signal: Int32) {
        guard !state.state.isOver else { return }
        if case .lost = state.state.outcome { return }
        // Only fails when nothing is left to be signalled.
        _ = kill(launch.leadsGroup ? -child : child, signal)
    }

    private func killRest() {
        guard launch.leadsGroup else { return }
        send(SIGKILL)
    }

    private func reap() {
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
    }
}
