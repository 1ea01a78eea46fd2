extension Row {
    /// All rows, in the order in which they run.
    static let all: [Row] =
        [
            scan, create, createLarge, extract, push, pushAgain, pushTrusted, changedSome, changedMore, pull, pipe,
            stock,
            ssh, four, returned, origin, far, prepare, restore, prepareFar, restoreFar, journal,
            link,
        ] + others + real + cold + growth

    /// Names that stand for several rows: those whose ids begin with one.
    static let groups = ["others", "real", "cold", "growth"]

    /// What rows can be called when they are asked for: a group's rows by the group.
    static let names =
        all.map(\.id).filter { id in !groups.contains { id.hasPrefix($0 + "-") } } + groups

    /// The rows of the short mode.
    static let short = ["scan", "create", "extract", "push", "push-again", "pull-10"]

    static let scan = Row(
        id: "scan", title: "scan a tree", profile: .nm, work: .scan,
        subjects: [
            .ferry { Pipeline([$0.ferry, "bench", "scan", $0.tree]) },
            Subject(name: "find -printf", tools: ["find"]) {
                Pipeline(["find", $0.tree, "-printf", #"%P\0%y%m %s %T@ %C@ %i\n"#])
            },
            .floor { Pipeline([Tools.floor, "scan", $0.tree]) },
        ],
        goals: [.time(of: "find -printf", must: 0.40, aim: 0.30)])

    static let create = Row(
        id: "create", title: "write a tar stream, many small files", profile: .nm, work: .stream,
        subjects: createSubjects, goals: [.faster(than: "GNU tar", must: 2.0, aim: 2.8)])

    private static let createLarge = Row(
        id: "create-large", title: "write a tar stream, few large files", profile: .large, work: .stream,
        subjects: createSubjects, goals: [.faster(than: "GNU tar", must: 3, aim: 5)])

    static let createSubjects: [Subject] = [
        .ferry { Pipeline([$0.ferry, "sync", "push", $0.tree, "-"]).intoCat() },
        Subject(name: "GNU tar", tools: ["tar"], times: .seconds) {
            Pipeline(["tar", "-C", $0.tree, "-cf", "-", "."]).intoCat()
        },
        Subject(name: "bsdtar", tools: ["bsdtar"], times: .seconds, reader: "bsdtar") {
            Pipeline(["bsdtar", "-C", $0.tree, "-cf", "-", "."]).intoCat()
        },
        // Two threads write directories side by side, and GNU tar loses the times of those that it returns to.
        .floor(times: .ofFiles) { Pipeline([Tools.floor, "create", $0.tree]).intoCat() },
    ]

    private static let extract = Row(
        id: "extract", title: "extract a tar file", profile: .nm, work: .fresh,
        subjects: [
            .ferry {
                Pipeline(
                    [$0.ferry, "sync", "pull", "-", $0.destination, "--allow-held", "*", "--no-fsync"],
                    input: $0.tarball)
            },
            Subject(name: "GNU tar", tools: ["tar"]) {
                Pipeline(["tar", "-xpf", "-", "-C", $0.destination], input: $0.tarball)
            },
            Subject(name: "bsdtar", tools: ["bsdtar"]) {
                Pipeline(["bsdtar", "-xpf", "-", "-C", $0.destination], input: $0.tarball)
            },
            .floor { Pipeline([Tools.floor, "extract", $0.destination], input: $0.tarball) },
        ],
        goals: [
            .faster(than: "GNU tar", must: 2.0, aim: 2.6), .faster(than: "bsdtar", must: 3.5, aim: 5),
        ],
        needsTarball: true)

    static let push = Row(
        id: "push", title: "push into an empty directory", profile: .nm, work: .fresh,
        subjects: [
            .ferry { Pipeline([$0.ferry, "sync", "push", $0.tree, $0.destination]) }, tarToTar, rsync, copy,
            mirrored,
        ],
        goals: [
            .faster(than: tarToTar.name, must: 2.5, aim: 3), .faster(than: rsync.name, must: 4, aim: 5.3),
            .faster(than: copy.name, must: 3.3, aim: 4),
        ])

    private static let pushAgain = Row(
        id: "push-again", title: "push again, nothing changed", profile: .nm, work: .again,
        subjects: [
            .ferry { Pipeline([$0.ferry, "sync", "push", $0.tree, $0.destination]) }, rsync, .floorOfUpdate,
        ],
        goals: [.time(of: rsync.name, must: 0.45, aim: 0.25)])

    private static let pushTrusted = Row(
        id: "push-trusted", title: "push again, nothing changed, nobody was there", profile: .nm, work: .again,
        subjects: [
            .ferry { Pipeline([$0.ferry, "sync", "push", "--trust-baseline", $0.tree, $0.destination]) }, rsync,
            .floor(preparing: mirrored.pipeline) { Pipeline([Tools.floor, "scan", $0.tree]) },
        ],
        goals: [.time(of: rsync.name, must: 0.25, aim: 0.13)])

    private static let changedSome = Row(
        id: "push-0.1%", title: "push again, one file in a thousand changed", profile: .nm, work: .changed(0.001),
        subjects: pushAgain.subjects, goals: [.time(of: rsync.name, must: 0.45, aim: 0.25)])

    private static let changedMore = Row(
        id: "push-1%", title: "push again, one file in a hundred changed", profile: .nm, work: .changed(0.01),
        subjects: pushAgain.subjects, goals: [.time(of: rsync.name, must: 0.50, aim: 0.35)])

    private static let pull = Row(
        id: "pull", title: "pull a directory into an empty one", profile: .nm, work: .fresh,
        subjects: [
            .ferry {
                Pipeline([$0.ferry, "sync", "pull", $0.tree, $0.destination, "--allow-held", "*", "--no-fsync"])
            }, rsync, copy, mirrored,
        ])

    private static let pipe = Row(
        id: "pipe", title: "push through a pipe, Ferry at both ends", profile: .nm, work: .fresh,
        subjects: [
            .ferry {
                Pipeline([$0.ferry, "sync", "push", $0.tree, "-"])
                    .piped(to: [$0.ferry, "sync", "pull", "-", $0.destination, "--allow-held", "*", "--no-fsync"])
            }, tarToTar, rsync,
            .floor(times: .seconds) {
                Pipeline([Tools.floor, "create", $0.tree]).piped(to: [Tools.floor, "extract", $0.destination])
            },
        ],
        goals: [
            .faster(than: tarToTar.name, must: 1.5, aim: 1.7), .faster(than: rsync.name, must: 2.7, aim: 3),
        ])

    private static let four = Row(
        id: "four", title: "push into four directories at once", profile: .nm, work: .fresh,
        subjects: [
            .ferry { Pipeline([$0.ferry, "sync", "push", $0.tree] + $0.copies(4)) },
            Subject(name: "four pushes") { scene in
                let pushes = scene.copies(4).map { "'\(scene.ferry)' sync push '\(scene.tree)' '\($0)'" }
                return Pipeline(["sh", "-c", pushes.joined(separator: " && ")])
            },
            .floor { Pipeline([Tools.floor, "mirror", $0.tree] + $0.copies(4)) },
        ],
        goals: [.time(of: "four pushes", must: 0.9, aim: 0.75)], copies: 4)

    private static let stock = Row(
        id: "stock", title: "push through a pipe into GNU tar", profile: .nm, work: .fresh,
        subjects: [
            .ferry {
                Pipeline([$0.ferry, "sync", "push", $0.tree, "-"]).piped(to: ["tar", "-xpf", "-", "-C", $0.destination])
            }, tarToTar,
            // What feeds GNU tar costs nothing here.
            .floor(tools: ["tar"]) {
                Pipeline(feeding: $0.tarball).piped(to: ["tar", "-xpf", "-", "-C", $0.destination])
            },
        ],
        goals: [.faster(than: tarToTar.name, must: 1.1, aim: 1.3)],
        needsTarball: true)

    private static let tarToTar = Subject(name: "tar | tar", tools: ["tar"], times: .seconds) {
        Pipeline(["tar", "-C", $0.tree, "-cf", "-", "."]).piped(to: ["tar", "-xpf", "-", "-C", $0.destination])
    }

    private static let rsync = Subject(name: "rsync -a", tools: ["rsync"]) {
        Pipeline(["rsync", "-a", $0.tree + "/", $0.destination + "/"])
    }

    static let mirrored = Subject.floor { Pipeline([Tools.floor, "mirror", $0.tree, $0.destination]) }

    private static let copy = Subject(name: "cp -a", tools: ["cp"]) {
        Pipeline(["cp", "-a", $0.tree + "/.", $0.destination])
    }
}
