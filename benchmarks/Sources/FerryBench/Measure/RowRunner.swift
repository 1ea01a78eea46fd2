import FoundationEssentials
import Glibc

/// Measures one row: a first run of each subject that does not count, the rounds, and the count of system calls.
///
/// The first run warms the caches and is the one whose memory is polled. In the rounds the subjects take turns, and each
/// round begins with another one. Before each timed run `sync` empties the write queue; checks and deletions follow it.
final class RowRunner {
    private let row: Row
    private let options: MeasureOptions
    private let places: Places
    private let scratch: String
    private var result: RowResult
    /// How often the source has been changed, in the rows that change it.
    private var turn = 0

    init(row: Row, options: MeasureOptions, trees: Trees, scratch: String) throws {
        self.row = row
        self.options = options
        self.scratch = scratch
        let summary = try trees.tree(options.profile ?? row.profile, fraction: row.size).summary
        places = try Places(row: row, options: options, trees: trees, scratch: scratch)
        result = RowResult(
            id: row.id, title: row.title, tree: summary,
            destination: row.work.isFresh || row.work.keepsPlaces ? places.description : nil)
        for subject in row.subjects {
            let scene = Scene(
                ferry: options.ferry, tree: "TREE", tarball: "TREE.tar", compressed: "TREE.tar.zst",
                destination: "/DEST",
                assets: (0..<row.assets).map { "ASSET\($0 + 1)" }, port: 22, request: "REQUEST")
            var entry = SubjectResult(name: subject.name, command: subject.pipeline(scene).text)
            if let missing = subject.tools.first(where: { Tools.find($0) == nil }) {
                entry.absent = "\(missing) (package \(Tools.packages[missing] ?? missing)) is not installed"
            }
            entry.goal = options.profile == nil ? row.goals.first { $0.peer == subject.name } : nil
            result.subjects.append(entry)
        }
    }

    /// Measures, and undoes the volume.
    func run() throws -> RowResult {
        defer { places.finish() }
        if row.work.keepsPlaces { try fillPlaces() }
        try change()
        for index in row.subjects.indices { try attempt(index) { try firstRun(index) } }
        for round in 0..<options.rounds {
            try change()
            for turn in row.subjects.indices {
                let index = (turn + round) % row.subjects.count
                try attempt(index) { try timedRun(index, round: round) }
            }
        }
        try change()
        for index in row.subjects.indices where counts(row.subjects[index]) {
            try attempt(index) { try countingRun(index) }
        }
        if row.countsWire, Tools.find("python3") != nil {
            try change()
            for index in row.subjects.indices where !row.subjects[index].isFloor {
                try attempt(index) { try wireRun(index) }
            }
        }
        if case .again = row.work {
            for index in row.subjects.indices { try attempt(index) { try compare(places.stage(index).0, index) } }
        }
        summarise()
        return result
    }

    // MARK: - Runs

    private func firstRun(_ index: Int) throws {
        let subject = row.subjects[index]
        let (scene, launcher) = try places.stage(index)
        var pipeline = subject.pipeline(scene)
        let printed = scratch + "/printed"
        if case .scan = row.work, subject.isFerry || subject.isFloor { pipeline.output = printed }
        if row.isCold { try PageCache.drop(keeping: pipeline) }
        var poller = MemoryPoller()
        let floor = Self.ownPeakKiB()
        let outcome = try launcher.run(pipeline) { pids in
            poller.poll(zip(pids, pipeline.stages).filter { $0.1.counts }.map { $0.0 })
        }
        try demandSuccess(outcome, launcher)
        result.subjects[index].peakAnonymousKiB = poller.peakAnonymousKiB
        let highest =
            zip(outcome.stages, pipeline.stages).filter { $0.1.counts }.map { $0.0.peakResidentKiB }.max() ?? 0
        result.subjects[index].maximumResidentKiB = highest
        result.subjects[index].peakResidentKiB = highest > floor ? highest : poller.peakResidentKiB
        switch row.work {
        case .scan:
            if subject.isFerry || subject.isFloor { try ScanCounts.check(Files.read(printed), against: result.tree) }
        case .stream: try checkStream(index)
        case .fresh: try compare(scene, index)
        case .again, .changed, .returned: break
        }
    }

    private func timedRun(_ index: Int, round: Int) throws {
        let (scene, launcher) = try places.stage(index)
        sync()
        let pipeline = row.subjects[index].pipeline(scene)
        if row.isCold { try PageCache.drop(keeping: pipeline) }
        let outcome = try launcher.run(pipeline)
        try demandSuccess(outcome, launcher)
        Progress.say("\(row.id) round \(round + 1): \(row.subjects[index].name) \(outcome.seconds.fixed(3)) s")
        switch row.work {
        case .scan, .stream, .again: break
        case .fresh, .changed, .returned: try compare(scene, index)
        }
        result.subjects[index].seconds.append(outcome.seconds)
        result.subjects[index].cpuSeconds.append(outcome.cpuSeconds)
    }

    private func counts(_ subject: Subject) -> Bool {
        // A call takes many times as long when it is counted, and the count is that of the smaller tree.
        row.size <= 1 && (subject.isFerry || subject.isFloor || options.countPeers)
    }

    private func countingRun(_ index: Int) throws {
        guard let strace = Tools.find("strace") else {
            Progress.say("\(row.id): strace is not installed, system calls are not counted")
            return
        }
        let (scene, launcher) = try places.stage(index)
        let (pipeline, files) = SystemCalls.wrap(
            row.subjects[index].pipeline(scene), strace: strace, directory: scratch)
        try demandSuccess(try launcher.run(pipeline), launcher)
        var calls = SystemCalls()
        for file in files { calls.add(try SystemCalls(table: Files.read(file))) }
        result.subjects[index].systemCalls = calls
        result.subjects[index].systemCallsPerEntry = Double(calls.total) / Double(max(1, result.tree.entries))
    }

    /// Counts what passes to a sandbox and back, in a run of its own.
    private func wireRun(_ index: Int) throws {
        let log = scratch + "/wire"
        try Files.write("", to: log)
        let (scene, launcher) = try places.stage(index, countingInto: log)
        let outcome = try launcher.run(row.subjects[index].pipeline(scene))
        try demandSuccess(outcome, launcher)
        // A peer that works beside the shell has nothing to count.
        let noted = try Files.read(log)
        if !noted.isEmpty || row.subjects[index].isFerry { result.subjects[index].wire = try Wire(log: noted) }
        try compare(scene, index)
    }

    /// Makes and fills the destinations of a row that keeps them.
    private func fillPlaces() throws {
        try places.prepare()
        for index in row.subjects.indices {
            try attempt(index) {
                let (scene, launcher) = try places.stage(index)
                let subject = row.subjects[index]
                try demandSuccess(try launcher.run((subject.preparation ?? subject.pipeline)(scene)), launcher)
                try compare(scene, index)
            }
        }
    }

    private func change() throws {
        turn += 1
        try places.change(turn: turn)
    }

    // MARK: - Checks

    /// Runs a part of a subject's work unless the subject is out of the race; a failure takes it out of it.
    private func attempt(_ index: Int, _ part: () throws -> Void) throws {
        guard result.subjects[index].absent == nil, result.subjects[index].failure == nil else { return }
        do {
            try part()
        } catch let error as BenchError {
            result.subjects[index].failure = "\(row.subjects[index].name): \(error)"
            Progress.say("\(row.id) FAILED: \(row.subjects[index].name): \(error)")
        }
    }

    private func demandSuccess(_ outcome: Outcome, _ launcher: Launcher) throws {
        guard !outcome.succeeded else { return }
        let statuses = outcome.stages.map { String($0.status) }.joined(separator: ", ")
        throw BenchError("exit status \(statuses): \(launcher.lastWords())")
    }

    private func compare(_ scene: Scene, _ index: Int) throws {
        var comparison = TreeComparison(
            times: row.subjects[index].times, ignoresSpecialModes: result.tree.profile.isReal)
        let places = row.copies == 0 ? [scene.destination] : scene.copies(row.copies)
        for place in places {
            if let difference = try comparison.firstDifference(scene.tree, place) {
                throw BenchError("wrong tree: \(difference)")
            }
            // The source itself must not have changed under the subjects.
            guard comparison.entries == result.tree.entries else {
                throw BenchError("the source has \(comparison.entries) entries, not \(result.tree.entries)")
            }
        }
        for (asset, place) in zip(scene.assets, scene.assetPlaces) {
            if let difference = try comparison.firstDifference(asset, place) {
                throw BenchError("wrong asset: \(difference)")
            }
        }
    }

    /// Extracts a subject's stream and compares the result.
    private func checkStream(_ index: Int) throws {
        let (scene, launcher) = try places.stage(index, extracting: true)
        var pipeline = row.subjects[index].pipeline(scene)
        pipeline.stages.removeLast()
        pipeline = pipeline.piped(to: [row.subjects[index].reader, "-xpf", "-", "-C", scene.destination])
        try demandSuccess(try launcher.run(pipeline), launcher)
        try compare(scene, index)
    }

    /// The harness's own peak: the kernel reports no lower one for a process that it starts.
    static func ownPeakKiB() -> Int {
        var usage = rusage()
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }

    private func summarise() {
        let ferry = result.subjects.first { $0.name == Subject.ferryName }?.seconds ?? []
        for index in result.subjects.indices {
            let seconds = result.subjects[index].seconds
            result.subjects[index].time = Spread(seconds)
            if !row.subjects[index].isFerry, ferry.count == seconds.count {
                result.subjects[index].ratio = Spread(zip(seconds, ferry).map { $0 / $1 })
            }
            guard !row.subjects[index].isFerry, row.memoryFactor != nil else { continue }
            let own = result.subjects.first { $0.name == Subject.ferryName }?.peakAnonymousKiB ?? 0
            guard own > 0, let theirs = result.subjects[index].peakAnonymousKiB else { continue }
            result.subjects[index].memoryRatio = Double(theirs) / Double(own)
            result.subjects[index].memoryGoal = options.profile == nil ? row.memoryFactor : nil
        }
    }
}
