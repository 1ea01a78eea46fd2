public import FerryEngine

/// Turns the events of a run into lines that say how far it is: never backwards, at most one each 10 % or 5 s, and one final line.
///
/// A value without a clock or a thread of its own: whoever feeds it says what time it is, and makes sure that only one thread does.
public struct RuntimeProgress: Sendable {
    /// One line.
    public struct Line: Sendable, Hashable {
        /// How far the run is as a whole, in hundredths.
        public var percent: Int
        /// The line for people, without its end.
        public var text: String
        /// Whether it is the last one.
        public var isFinal: Bool
    }

    /// How a run ended.
    public enum Outcome: Sendable, Hashable {
        /// All of it is done.
        case done
        /// It failed or was stopped.
        case failed
    }

    private let task: String
    private let parts: Int
    private let start: ContinuousClock.Instant
    /// How many parts have told their plans.
    private var plans = 0
    /// Whether all parts travel as one, so that what is told counts for all of them; nil before anything travels.
    private var isJoint: Bool?
    private var percent = 0
    private var last: (percent: Int, time: ContinuousClock.Instant)
    private var isOver = false

    /// The least step of a line, in hundredths, and the longest silence.
    private static let step = 10
    private static let silence = Duration.seconds(5)

    /// Begins.
    ///
    /// - Parameters:
    ///   - task: What is done, as the first words of each line: "prepare".
    ///   - parts: How many parts will tell a plan.
    ///   - now: What time it is.
    public init(_ task: String, parts: Int, now: ContinuousClock.Instant = .now) {
        self.task = task
        self.parts = max(1, parts)
        start = now
        last = (0, now)
    }

    /// Takes an event of the engine.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - part: The part that it belongs to, for the line's words.
    ///   - now: What time it is.
    /// - Returns: The line to show; nil for none.
    public mutating func line(
        for event: SyncEvent, of part: RuntimePart, now: ContinuousClock.Instant = .now
    ) -> Line? {
        guard !isOver else { return nil }
        var detail = ""
        switch event {
        case .plan: plans += 1
        case .progress(let progress):
            if isJoint == nil, progress.stage == .transferring { isJoint = plans >= parts }
            let before = isJoint == true ? 0 : Double(max(0, min(plans, parts) - 1))
            let whole = (before + Self.fraction(progress)) / (isJoint == true ? 1 : Double(parts))
            // The last hundredth is the final line's.
            percent = max(percent, min(99, Int(whole * 100)))
            detail = Self.detail(progress)
        default: break
        }
        guard percent >= last.percent + Self.step || last.time.duration(to: now) >= Self.silence else { return nil }
        last = (percent - percent % Self.step, now)
        let noun = isJoint == true && parts > 1 ? "" : ", \(part.name)"
        return Line(percent: percent, text: "\(task): \(percent) %\(noun)\(detail)", isFinal: false)
    }

    /// Ends.
    ///
    /// - Parameters:
    ///   - outcome: How the run ended.
    ///   - now: What time it is.
    /// - Returns: The final line; nil when there was one before.
    public mutating func finish(_ outcome: Outcome, now: ContinuousClock.Instant = .now) -> Line? {
        guard !isOver else { return nil }
        isOver = true
        if outcome == .done { percent = 100 }
        let tenths = Int(start.duration(to: now) / .milliseconds(100))
        let words = outcome == .done ? "done" : "failed"
        return Line(
            percent: percent, text: "\(task): \(percent) %, \(words) after \(tenths / 10).\(tenths % 10) s",
            isFinal: true)
    }

    /// How far a part is: looking at it first, moving content for most of the time.
    private static func fraction(_ progress: SyncProgress) -> Double {
        func share(_ done: Double, _ total: Double?) -> Double {
            guard let total, total > 0 else { return 0 }
            return min(1, done / total)
        }
        let entries = share(Double(progress.finishedEntries), progress.totalEntries.map(Double.init))
        let bytes = share(Double(progress.finishedBytes), progress.totalBytes.map(Double.init))
        return switch progress.stage {
        case .scanning: 0.05 * entries
        case .comparing: 0.05 + 0.05 * entries
        case .transferring: 0.1 + 0.85 * ((progress.totalBytes ?? 0) > 0 ? bytes : entries)
        case .applying: 0.95 + 0.05 * entries
        }
    }

    private static func detail(_ progress: SyncProgress) -> String {
        guard progress.stage == .transferring else { return "" }
        let total = progress.totalEntries.map { " of \($0)" } ?? ""
        let tenths = progress.finishedBytes / 100_000
        return ", \(progress.finishedEntries)\(total) entries, \(tenths / 10).\(tenths % 10) MB"
    }
}
