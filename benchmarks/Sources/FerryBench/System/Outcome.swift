/// What one run of a pipeline took.
struct Outcome: Sendable {
    /// How one stage ended.
    struct Stage: Sendable {
        /// The exit status, or 128 plus the signal's number.
        var status: Int32
        /// User and system time together.
        var cpuSeconds: Double
        /// The kernel's `ru_maxrss` in KiB; never below the harness's own peak, which a new process starts from.
        var peakResidentKiB: Int
    }

    /// From before the first stage was started until the last one had been waited for.
    var seconds: Double
    var stages: [Stage]

    var succeeded: Bool { stages.allSatisfy { $0.status == 0 } }
    var cpuSeconds: Double { stages.map(\.cpuSeconds).reduce(0, +) }
}
