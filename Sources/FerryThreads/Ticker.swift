import Glibc

/// Does something again and again on a thread of its own until it is stopped.
package final class Ticker: Sendable {
    private let isStopped = Monitor(false)
    private let hasEnded = Monitor(false)

    /// Starts.
    ///
    /// - Parameters:
    ///   - interval: How long to wait before each time.
    ///   - tick: What to do. Never runs after ``stop()`` has returned.
    package init(every interval: Duration, _ tick: @escaping @Sendable () -> Void) {
        let isStopped = isStopped
        let hasEnded = hasEnded
        let thread = try? BlockingThread(named: "ticker") {
            isStopped.withLock {
                while !isStopped.state {
                    isStopped.wait(atMost: interval)
                    if !isStopped.state { tick() }
                }
            }
            hasEnded.withLock {
                hasEnded.state = true
                hasEnded.broadcast()
            }
        }
        guard let thread else {
            // No thread to spare: the work matters, the ticks do not.
            hasEnded.withLock { hasEnded.state = true }
            return
        }
        thread.detach()
    }

    /// Stops and waits for a tick that is under way.
    package func stop() {
        isStopped.withLock {
            isStopped.state = true
            isStopped.broadcast()
        }
        hasEnded.withLock {
            while !hasEnded.state { hasEnded.wait() }
        }
    }
}
