import Glibc

/// Keeps one worker below a number of bytes a second by sleeping.
package struct Pace: Sendable {
    private let bytesPerSecond: Int?
    private var owed: Double = 0
    private var last: ContinuousClock.Instant

    package init(bytesPerSecond: Int?) {
        self.bytesPerSecond = bytesPerSecond.map { max(1, $0) }
        last = .now
    }

    /// Sleeps as long as these bytes were too early.
    package mutating func wait(for bytes: Int64) {
        guard let bytesPerSecond else { return }
        let now = ContinuousClock.now
        let passed = (now - last) / .seconds(1)
        last = now
        // What was not used in the last tenth of a second may still be; older leave is forfeited.
        owed = max(owed - passed, -0.1) + Double(bytes) / Double(bytesPerSecond)
        if owed > 0 { usleep(useconds_t(min(owed, 60) * 1_000_000)) }
    }
}
