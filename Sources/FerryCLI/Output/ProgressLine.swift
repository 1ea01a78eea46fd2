import FerryEngine

/// Decides when progress is shown and how.
struct ProgressLine {
    private let interval: Duration
    private var last: ContinuousClock.Instant
    private var stage: (stage: SyncProgress.Stage, since: ContinuousClock.Instant)?

    /// Makes a line.
    ///
    /// - Parameters:
    ///   - start: When the sync began.
    ///   - interval: The least time between two lines, and before the first.
    init(start: ContinuousClock.Instant, interval: Duration) {
        last = start
        self.interval = interval
    }

    /// The text to show now; nil when it is too early.
    mutating func text(for progress: SyncProgress, at now: ContinuousClock.Instant) -> String? {
        if stage?.stage != progress.stage { stage = (progress.stage, now) }
        guard now - last >= interval else { return nil }
        last = now
        return ProgressLine.text(for: progress, elapsed: now - (stage?.since ?? now))
    }

    /// The text.
    ///
    /// - Parameters:
    ///   - progress: How far the sync is.
    ///   - elapsed: How long this stage has taken.
    /// - Returns: One line.
    static func text(for progress: SyncProgress, elapsed: Duration) -> String {
        var parts = [
            "\(progress.stage.rawValue) \(amount(progress.finishedEntries, of: progress.totalEntries)) entries"
        ]
        let seconds = Quantity.seconds(elapsed)
        if progress.finishedBytes > 0 {
            let total = progress.totalBytes.map { " of \(Quantity.bytes($0))" } ?? ""
            parts.append(Quantity.bytes(progress.finishedBytes) + total)
            if seconds >= 0.5 { parts.append("\(Quantity.bytes(Int64(Double(progress.finishedBytes) / seconds)))/s") }
        }
        if let left = remaining(progress, seconds: seconds) {
            parts.append("\(left < 60 ? "\(left) s" : Quantity.duration(.seconds(left))) left")
        }
        return parts.joined(separator: ", ")
    }

    private static func amount(_ finished: Int, of total: Int?) -> String {
        Quantity.count(finished) + (total.map { " of \(Quantity.count($0))" } ?? "")
    }

    /// Seconds left by the slower of the two measures; nil as long as there is nothing to reckon with.
    private static func remaining(_ progress: SyncProgress, seconds: Double) -> Int? {
        guard seconds >= 2 else { return nil }
        var shares: [Double] = []
        if let total = progress.totalBytes, total > 0 { shares.append(Double(progress.finishedBytes) / Double(total)) }
        if let total = progress.totalEntries, total > 0 {
            shares.append(Double(progress.finishedEntries) / Double(total))
        }
        guard let share = shares.min(), share > 0.01, share < 1 else { return nil }
        return Int(seconds * (1 - share) / share) + 1
    }
}
