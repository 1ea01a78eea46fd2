/// How often something is tried again, and how long is waited before.
public struct RetryPolicy: Sendable {
    /// How often it is tried in all.
    public var attempts = 4
    /// The pause after the first failure; each further one is twice as long.
    public var firstPause = Duration.milliseconds(250)
    /// The longest pause.
    public var longestPause = Duration.seconds(8)
    /// How much of a pause is left to chance, from 0 to 1, so that many who failed together do not come back together.
    public var jitter = 0.5
    /// A number from 0 up to 1.
    public var chance: @Sendable () -> Double = { Double.random(in: 0..<1) }

    /// Makes the default policy.
    public init() {}

    /// The pause after so many failures.
    ///
    /// - Parameter failures: How often it has failed, from 1.
    /// - Returns: The pause.
    public func pause(after failures: Int) -> Duration {
        var pause = firstPause
        for _ in 1..<max(failures, 1) where pause < longestPause { pause *= 2 }
        return min(pause, longestPause) * (1 - jitter * chance())
    }
}
