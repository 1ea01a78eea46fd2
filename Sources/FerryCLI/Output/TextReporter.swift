import FerryCore
import FerryEngine
import Synchronization

/// Tells people about a sync.
final class TextReporter: SyncReporter {
    /// How much is told.
    struct Style: Sendable {
        var itemizes = false
        var names = false
        var isQuiet = false
        var statistics = false
        var progress: Bool?
        /// Put in front of the summary when there are several destinations.
        var destination: String?
        /// How conflicts can be decided; nil where they do not occur.
        var conflictAdvice: String?
    }

    private let console: Console
    private let style: Style
    private let progress: Mutex<ProgressLine>

    init(console: Console, style: Style) {
        self.console = console
        self.style = style
        let interval: Duration = console.canRedraw ? .milliseconds(150) : .seconds(5)
        progress = Mutex(ProgressLine(start: .now, interval: interval))
    }

    func report(_ event: SyncEvent) {
        switch event {
        case .plan: break
        case .item(let item): report(item)
        case .progress(let progress): report(progress)
        case .digest(let path, let sha256): console.print("\(ItemLine.hexadecimal(sha256))  \(displayName(of: path))")
        case .problem(let problem): report(problem)
        }
    }

    func finish(_ report: SyncReport, status: ExitStatus) {
        console.showProgress("")
        if !style.isQuiet {
            advise(report)
            let destination = style.destination.map { "\($0): " } ?? ""
            console.print(destination + SummaryLine.text(report))
        }
        if style.statistics { SummaryLine.statistics(report).forEach(console.print) }
    }

    func fail(_ error: SyncError, status: ExitStatus) {
        console.showProgress("")
        let destination = style.destination.map { "\($0): " } ?? ""
        let label = error.code == .halted ? "halted" : "error"
        console.labelled(label, color: 31, destination + error.message)
        for path in error.examples { console.message("  \(displayName(of: path))") }
    }

    private func report(_ item: SyncItem) {
        switch item.action {
        case .conflict, .held, .blocked:
            guard !style.itemizes else { return console.print(ItemLine.itemized(item)) }
            let (label, color) = item.action == .conflict ? ("conflict", 35) : ("held", 33)
            let reason = ItemLine.reason(item) ?? ""
            console.labelled(
                item.action == .blocked ? "blocked" : label, color: color, "\(ItemLine.name(item)): \(reason)")
        default:
            if style.itemizes {
                console.print(ItemLine.itemized(item))
            } else if style.names {
                console.print(ItemLine.verbose(item))
            }
        }
    }

    private func report(_ problem: Problem) {
        if style.isQuiet && ExitStatus(problem.code) == .done { return }
        console.warning(ProblemText.text(problem))
    }

    private func report(_ event: SyncProgress) {
        guard style.progress ?? !style.isQuiet else { return }
        guard let text = progress.withLock({ $0.text(for: event, at: .now) }) else { return }
        if console.canRedraw {
            // A line that wraps cannot be redrawn.
            console.showProgress(String(text.prefix(max(10, Terminal.width - 1))))
        } else {
            console.message(text)
        }
    }

    private func advise(_ report: SyncReport) {
        if report.summary.conflicts > 0, let advice = style.conflictAdvice {
            console.note("the workspace's version of each conflict stays; \(advice)")
        }
        if report.summary.held > 0 {
            console.note(
                "look at held entries, then let them in with 'ferry sync conflicts --take-remote PATH' or --allow-held PATTERN"
            )
        }
        if let run = report.run, style.names || style.statistics {
            console.note("'ferry sync undo \(run)' takes this back")
        }
        if let plan = report.plan { console.note("'ferry sync apply \(plan)' carries it out") }
        if let store = report.conflictStore {
            console.note(
                "the sandbox's versions are kept in '\(displayName(of: store))'; 'ferry sync conflicts' lists, shows and"
                    + " takes them")
        }
    }
}

/// The text of a problem.
enum ProblemText {
    /// The message, with the path in front where it does not name it itself.
    static func text(_ problem: Problem) -> String {
        let name = displayName(of: problem.path)
        if problem.path.isEmpty || problem.message.contains("'\(name)'") { return problem.message }
        return "'\(name)': \(problem.message)"
    }
}
