import FoundationEssentials
import Glibc

/// Measures one row: a first run of each subject that does not count, the rounds, and the count of system calls.
///
/// The first run warms the caches and is the one whose memory is polled. In the rounds the subjects take turns, and each
/// round begins with another one. Before each timed run `sync` empties the write queue; checks and deletions follow it.
final class RowRunner {
    private let row: Row
    private let options: MeasureOptions
    private let volume: Volume?
    private let scratch: String
    private let tree: String
    private let tarball: String
    private var result: RowResult
    private var serial = 0
    /// The destinations of an `again` row, which live as long as the row.
    private var kept: [Scene] = []
    private var homes: [String] = []

    init(row: Row, options: MeasureOptions, trees: Trees, scratch: String) throws {
        self.row = row
        self.options = options
        self.scratch = scratch
        let profile = options.profile ?? row.profile
        let (path, summary) = try trees.tree(profile)
        tree = path
        tarball = row.needsTarball ? try trees.tarball(profile) : ""
        let copies = row.work == .again ? row.subjects.count : 1
        volume =
            row.work == .scan
            ? nil
            : try Volume(
                base: "\(scratch)/volume-\(row.id)",
                size: Volume.size(bytes: summary.bytes * Int64(copies), entries: summary.entries * copies))
        result = RowResult(
            id: row.id, title: row.title, tree: summary,
            destination: row.work == .fresh || row.work == .again ? volume?.description : nil)
        for subject in row.subjects {
            let scene = Scene(ferry: options.ferry, tree: "TREE", tarball: "TREE.tar", destination: "DEST")
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
        defer { finish() }
        if row.work == .again { try prepareAgain() }
        for index in row.subjects.indices { try attempt(index) { try firstRun(index) } }
        for round in 0..<options.rounds {
            for turn in row.subjects.indices {
                let index = (turn + round) % row.subjects.count
                try attempt(index) { try timedRun(index, round: round) }
            }
        }
        for index in row.subjects.indices where row.subjects[index].isFerry || options.countPeers {
            try attempt(index) { try countingRun(index) }
        }
        if row.work == .again {
            for index in row.subjects.indices { try attempt(index) { try compare(kept[index].destination, index) } }
        }
        summarise()
        return result
    }

    // MARK: - Runs

    private func firstRun(_ index: Int) throws {
        let subject = row.subjects[index]
        let (scene, launcher) = try stage(index)
        var pipeline = subject.pipeline(scene)
        let printed = scratch + "/printed"
        if row.work == .scan, subject.isFerry { pipeline.output = printed }
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
        case .scan: if subject.isFerry { try ScanCounts.check(Files.read(printed), against: result.tree) }
        case .stream: try checkStream(index)
        case .fresh: try compare(scene.destination, index)
        case .again: break
        }
    }

    private func timedRun(_ index: Int, round: Int) throws {
        let (scene, launcher) = try stage(index)
        sync()
        let outcome = try launcher.run(row.subjects[index].pipeline(scene))
        try demandSuccess(outcome, launcher)
        Progress.say("\(row.id) round \(round + 1): \(row.subjects[index].name) \(outcome.seconds.fixed(3)) s")
        if row.work == .fresh { try compare(scene.destination, index) }
        result.subjects[index].seconds.append(outcome.seconds)
        result.subjects[index].cpuSeconds.append(outcome.cpuSeconds)
    }

    private func countingRun(_ index: Int) throws {
        guard let strace = Tools.find("strace") else {
            Progress.say("\(row.id): strace is not installed, system calls are not counted")
            return
        }
        let (scene, launcher) = try stage(index)
        let (pipeline, files) = SystemCalls.wrap(
            row.subjects[index].pipeline(scene), strace: strace, directory: scratch)
        try demandSuccess(try launcher.run(pipeline), launcher)
        var calls = SystemCalls()
        for file in files { calls.add(try SystemCalls(table: Files.read(file))) }
        result.subjects[index].systemCalls = calls
        result.subjects[index].systemCallsPerEntry = Double(calls.total) / Double(max(1, result.tree.entries))
    }

    /// Fills the destinations of a row whose timed runs find nothing to do.
    private func prepareAgain() throws {
        guard let volume else { return }
        let directory = try volume.fresh()
        for index in row.subjects.indices {
            let base = "\(directory)/\(index)"
            let scene = try makeScene(base)
            kept.append(scene)
            homes.append(base + "/home")
            try attempt(index) {
                let launcher = launcher(home: base + "/home")
                try demandSuccess(try launcher.run(row.subjects[index].pipeline(scene)), launcher)
                try compare(scene.destination, index)
            }
        }
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

    private func compare(_ destination: String, _ index: Int) throws {
        var comparison = TreeComparison(times: row.subjects[index].times)
        if let difference = try comparison.firstDifference(tree, destination) {
            throw BenchError("wrong tree: \(difference)")
        }
        // The source itself must not have changed under the subjects.
        guard comparison.entries == result.tree.entries else {
            throw BenchError("the source has \(comparison.entries) entries, not \(result.tree.entries)")
        }
    }

    /// Extracts a subject's stream and compares the result.
    private func checkStream(_ index: Int) throws {
        let (scene, launcher) = try stage(index, extracting: true)
        var pipeline = row.subjects[index].pipeline(scene)
        pipeline.stages.removeLast()
        pipeline = pipeline.piped(to: [row.subjects[index].reader, "-xpf", "-", "-C", scene.destination])
        try demandSuccess(try launcher.run(pipeline), launcher)
        try compare(scene.destination, index)
    }

    /// The harness's own peak: the kernel reports no lower one for a process that it starts.
    static func ownPeakKiB() -> Int {
        var usage = rusage()
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }

    // MARK: - Places

    /// The paths and the launcher for one run: new ones, but for a row that works on what is there.
    ///
    /// A new file system is made only where something will be written into it.
    private func stage(_ index: Int, extracting: Bool = false) throws -> (Scene, Launcher) {
        if row.work == .again { return (kept[index], launcher(home: homes[index])) }
        serial += 1
        let needsVolume = row.work == .fresh || extracting
        let base = needsVolume ? try volume?.fresh() : nil
        let place = base ?? "\(scratch)/home-\(row.id)-\(serial)"
        return (try makeScene(place), launcher(home: place + "/home"))
    }

    private func makeScene(_ base: String) throws -> Scene {
        try Files.makeDirectory(base + "/home")
        try Files.makeDirectory(base + "/destination")
        return Scene(ferry: options.ferry, tree: tree, tarball: tarball, destination: base + "/destination")
    }

    private func launcher(home: String) -> Launcher {
        Launcher(environment: Tools.environment(home: home), diagnostics: scratch + "/subject.err")
    }

    private func finish() {
        try? volume?.unmount()
        Tools.removeTree("\(scratch)/volume-\(row.id)")
    }

    private func summarise() {
        let ferry = result.subjects.first { $0.name == Subject.ferryName }?.seconds ?? []
        for index in result.subjects.indices {
            let seconds = result.subjects[index].seconds
            result.subjects[index].time = Spread(seconds)
            if !row.subjects[index].isFerry, ferry.count == seconds.count {
                result.subjects[index].ratio = Spread(zip(seconds, ferry).map { $0 / $1 })
            }
        }
    }
}
