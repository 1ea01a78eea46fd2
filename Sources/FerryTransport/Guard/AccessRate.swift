import FerryThreads

/// How many operations a caller may begin in a while; what comes too early is refused, not kept waiting.
public struct AccessRate: Sendable, Hashable {
    /// How many may begin at once.
    public var burst: Int
    /// How many more may begin in each second.
    public var perSecond: Double

    /// Makes a rate.
    ///
    /// - Parameters:
    ///   - burst: How many may begin at once; at least 1.
    ///   - perSecond: How many more may begin in each second.
    public init(burst: Int, perSecond: Double) {
        self.burst = max(1, burst)
        self.perSecond = max(0, perSecond)
    }
}

/// Counts for each caller what it may still begin.
final class AccessMeter: Sendable {
    private struct Account {
        var left: Double
        var time: ContinuousClock.Instant
    }

    /// More than this are looked through for those that are full again, and so say nothing.
    private static let mostAccounts = 10_000

    private let rate: AccessRate
    private let accounts = Monitor<[String: Account]>([:])

    init(_ rate: AccessRate) { self.rate = rate }

    /// Takes one operation off a caller's account.
    ///
    /// - Parameters:
    ///   - caller: The caller.
    ///   - now: The time.
    /// - Returns: Whether there was one left.
    func take(for caller: String, at now: ContinuousClock.Instant = .now) -> Bool {
        accounts.withLock {
            if accounts.state.count >= Self.mostAccounts {
                accounts.state = accounts.state.filter { filled($0.value, at: now) < Double(rate.burst) }
            }
            let left = accounts.state[caller].map { filled($0, at: now) } ?? Double(rate.burst)
            let isAllowed = left >= 1
            accounts.state[caller] = Account(left: isAllowed ? left - 1 : left, time: now)
            return isAllowed
        }
    }

    private func filled(_ account: Account, at now: ContinuousClock.Instant) -> Double {
        let seconds = (now - account.time) / .seconds(1)
        return min(Double(rate.burst), account.left + max(0, seconds) * rate.perSecond)
    }
}
