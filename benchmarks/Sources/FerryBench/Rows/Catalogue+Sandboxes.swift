/// The rows whose sandbox is behind a command.
extension Row {
    static let ssh = Row(
        id: "ssh", title: "push over ssh into an empty directory", profile: .nm, work: .fresh,
        subjects: [
            .ferry { Pipeline([$0.ferry, "sync", "push", $0.tree, $0.remote]) },
            Subject(name: "tar | ssh tar", tools: ["tar", "ssh", "sshd"], times: .seconds) {
                Pipeline(["tar", "-C", $0.tree, "-cf", "-", "."])
                    .piped(to: [$0.shell, "-p", "\($0.port)", "127.0.0.1", "tar -xpf - -C '\($0.destination)'"])
            },
            Subject(name: "rsync -e ssh", tools: ["rsync", "ssh", "sshd"]) {
                Pipeline([
                    "rsync", "-a", "-e", "\($0.shell) -p \($0.port)", $0.tree + "/", "127.0.0.1:\($0.destination)/",
                ])
            },
            .floor(tools: ["tar", "ssh", "sshd"]) {
                Pipeline(feeding: $0.tarball)
                    .piped(to: [$0.shell, "-p", "\($0.port)", "127.0.0.1", "tar -xpf - -C '\($0.destination)'"])
            },
        ],
        goals: [
            .faster(than: "tar | ssh tar", must: 1.25, aim: 1.5), .faster(than: "rsync -e ssh", must: 2, aim: 2.5),
        ],
        needsTarball: true, distance: Distance())

    static let link = Row(
        id: "link", title: "push over ssh into an empty directory, 10 MB/s", profile: .nm, work: .fresh,
        subjects: [
            .ferry { Pipeline([$0.ferry, "sync", "push", $0.tree, $0.remote]) },
            Subject(name: "tar --zstd | ssh tar", tools: ["tar", "zstd", "ssh", "sshd", "python3"], times: .seconds) {
                Pipeline(["tar", "-C", $0.tree, "--zstd", "-cf", "-", "."])
                    .piped(to: [$0.shell, "-p", "\($0.port)", "127.0.0.1", "tar --zstd -xpf - -C '\($0.destination)'"])
            },
            Subject(name: "rsync -z -e ssh", tools: ["rsync", "ssh", "sshd", "python3"]) {
                Pipeline([
                    "rsync", "-az", "-e", "\($0.shell) -p \($0.port)", $0.tree + "/", "127.0.0.1:\($0.destination)/",
                ])
            },
            .floor(tools: ["tar", "zstd", "ssh", "sshd", "python3"]) {
                Pipeline(feeding: $0.compressed)
                    .piped(to: [$0.shell, "-p", "\($0.port)", "127.0.0.1", "tar --zstd -xpf - -C '\($0.destination)'"])
            },
        ],
        needsCompressed: true, distance: Distance(rate: 10_000_000))

    static let returned = Row(
        id: "pull-10", title: "pull from a shell on a pipe, ten files changed", profile: .nm, work: .returned(10),
        subjects: [
            .ferry(preparing: { Pipeline([$0.ferry, "sync", "push", $0.tree, $0.piped]) }) {
                Pipeline([$0.ferry, "sync", "pull", $0.piped, $0.tree, "--no-fsync"])
            },
            Subject(name: "rsync -a", tools: ["rsync"], preparation: fill) {
                Pipeline(["rsync", "-a", $0.destination + "/", $0.tree + "/"])
            },
            .floor(preparing: fill) { Pipeline([Tools.floor, "update", $0.destination, $0.tree]) },
        ],
        goals: [.time(of: "rsync -a", must: 0.6, aim: 0.4)], countsWire: true)

    static let origin = Row(
        id: "pull-origin", title: "the same with 10,000 files, against archive, wipe and copy", profile: .nm,
        work: .returned(10),
        subjects: [
            .ferry(preparing: { Pipeline([$0.ferry, "sync", "push", $0.tree, $0.piped]) }) {
                Pipeline([$0.ferry, "sync", "pull", $0.piped, $0.tree, "--no-fsync"])
            },
            Subject(name: "origin", tools: ["python3", "tar"], times: .ofFiles, preparation: fill) {
                Pipeline(["python3", Tools.peer("origin.py"), "pull", $0.destination, $0.tree, "--"] + $0.command)
            },
        ],
        goals: [.faster(than: "origin", must: 25, aim: 50)], size: 0.1, countsWire: true)

    static let far = Row(
        id: "far", title: "prepare 10,000 files and three assets, 100 ms away", profile: .nm, work: .fresh,
        subjects: [
            .ferry(prepared),
            Subject(name: "origin", tools: ["python3", "tar", "ssh", "sshd"], times: .seconds) {
                let assets = zip($0.assetKeys, $0.assets).flatMap { ["--asset", "\($0)=\($1)"] }
                return Pipeline(
                    ["python3", Tools.peer("origin.py"), "push", $0.tree, $0.destination] + assets
                        + ["--", $0.shell, "-p", "\($0.port)", "127.0.0.1"])
            },
        ],
        goals: [.faster(than: "origin", must: 5, aim: 5)], size: 0.1, distance: Distance(delay: 0.05), assets: 3)

    /// What it costs that a pull can be killed at any moment and undone: the same work with and without the journal.
    static let journal = Row(
        id: "journal", title: "pull of 10,000 changed files, with and without the journal", profile: .nm,
        work: .returned(10_000),
        subjects: [
            .ferry(preparing: pushed) { Pipeline([$0.ferry, "bench", "pull", $0.destination, $0.tree]) },
            Subject(name: "without", preparation: pushed) {
                Pipeline([$0.ferry, "bench", "pull", "--no-journal", $0.destination, $0.tree])
            },
        ],
        goals: [.time(of: "without", must: 1.15, aim: 1.10)], size: 0.1)

    static let prepare = Row(
        id: "prepare", title: "prepare a managed runtime, a shell on a pipe", profile: .nm, work: .fresh,
        subjects: [
            .ferry(prepared),
            Subject(name: "origin", tools: ["python3", "tar"], times: .seconds) {
                Pipeline(["python3", Tools.peer("origin.py"), "push", $0.tree, $0.destination, "--"] + $0.command)
            },
        ],
        memoryFactor: 20, countsWire: true)

    static let restore = Row(
        id: "restore", title: "restore it, 1,000 files edited, a shell on a pipe", profile: .nm,
        work: .returned(1000),
        subjects: [
            .ferry(preparing: prepared, restored),
            Subject(name: "origin", tools: ["python3", "tar"], times: .ofFiles, preparation: fill) {
                Pipeline(["python3", Tools.peer("origin.py"), "pull", $0.destination, $0.tree, "--"] + $0.command)
            },
        ],
        memoryFactor: 20, countsWire: true)

    static let prepareFar = Row(
        id: "prepare-far", title: "prepare a managed runtime, 100 ms away", profile: .nm, work: .fresh,
        subjects: [
            .ferry(prepared),
            Subject(name: "origin", tools: ["python3", "tar", "ssh", "sshd"], times: .seconds) {
                Pipeline(
                    ["python3", Tools.peer("origin.py"), "push", $0.tree, $0.destination]
                        + ["--", $0.shell, "-p", "\($0.port)", "127.0.0.1"])
            },
        ],
        goals: [.faster(than: "origin", must: 5, aim: 5)], distance: Distance(delay: 0.05), memoryFactor: 20)

    static let restoreFar = Row(
        id: "restore-far", title: "restore it, 1,000 files edited, 100 ms away", profile: .nm, work: .returned(1000),
        subjects: [
            .ferry(preparing: prepared, restored),
            Subject(name: "origin", tools: ["python3", "tar", "ssh", "sshd"], times: .ofFiles, preparation: fill) {
                Pipeline(
                    ["python3", Tools.peer("origin.py"), "pull", $0.destination, $0.tree]
                        + ["--", $0.shell, "-p", "\($0.port)", "127.0.0.1"])
            },
        ],
        goals: [.faster(than: "origin", must: 10, aim: 10)], distance: Distance(delay: 0.05), memoryFactor: 20)

    private static let prepared: @Sendable (Scene) -> Pipeline = {
        Pipeline([$0.ferry, "runtime", "prepare", "--request", $0.request])
    }

    private static let restored: @Sendable (Scene) -> Pipeline = {
        Pipeline([$0.ferry, "runtime", "restore", "--request", $0.request])
    }

    private static let pushed: @Sendable (Scene) -> Pipeline = {
        Pipeline([$0.ferry, "sync", "push", $0.tree, $0.destination])
    }

    private static let fill: @Sendable (Scene) -> Pipeline = {
        Pipeline(["cp", "-a", $0.tree + "/.", $0.destination])
    }
}

extension Scene {
    /// The destination as Ferry's target, behind the ssh server.
    fileprivate var remote: String { "ssh://127.0.0.1:\(port)\(destination)" }

    /// The destination as Ferry's target, behind a shell that is a child process.
    fileprivate var piped: String { "exec:local:\(destination)" }
}
