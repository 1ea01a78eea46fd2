import FerryThreads
import Glibc
import Synchronization

/// Turns SIGINT, SIGTERM and SIGHUP into a raised flag and, when they come again, into an end at once.
///
/// The signals are blocked in all threads and taken by the main thread, which only waits for them: no code runs inside a signal handler.
final class SignalWatch: Sendable {
    /// Raised by the first signal.
    let cancellation = CancellationFlag()
    private let received = Atomic<Int32>(0)

    /// The first signal that came; 0 when none did.
    var firstSignal: Int32 { received.load(ordering: .acquiring) }

    /// Blocks the signals in this thread and in all that it starts.
    ///
    /// Must be called on the main thread before any other is started.
    func block() {
        // A write to a pipe that nobody reads shall fail with an error that can be reported, not end the process.
        _ = signal(SIGPIPE, SIG_IGN)
        var set = SignalWatch.watched()
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for signals until the process ends.
    func wait() -> Never {
        var set = SignalWatch.watched()
        while true {
            var number: Int32 = 0
            guard unsafe sigwait(&set, &number) == 0 else { continue }
            let (isFirst, _) = received.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
            guard isFirst else { _exit(128 + number) }
            cancellation.raise()
        }
    }

    private static func watched() -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
            unsafe sigaddset(&set, number)
        }
        return set
    }

    /// Whether the process was started with the signal ignored, as `nohup` and shells' background jobs do.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        // SAFETY: the handler is only compared with the constant 1 that SIG_IGN is.
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
