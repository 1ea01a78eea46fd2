/// The rows that do known work under other conditions: other peers, real trees, a cold cache, other sizes.
extension Row {
    /// Peers that synchronise, deduplicate or know clouds, at the same work.
    static let others: [Row] = [
        Row(
            id: "others-push", title: "push into an empty directory, other peers", profile: .nm, work: .fresh,
            subjects: otherSubjects + [mirrored]),
        Row(
            id: "others-again", title: "push again, nothing changed, other peers", profile: .nm, work: .again,
            subjects: otherSubjects + [.floorOfUpdate]),
    ]

    /// Trees that people work with.
    static let real: [Row] = [
        (Profile.linux, "a Linux source tree"), (.usr, "a copy of /usr"), (.checkout, "a git checkout with history"),
    ].flatMap { profile, name in
        [
            Row(
                id: "real-\(profile.rawValue)-create", title: "write a tar stream of \(name)", profile: profile,
                work: .stream, subjects: realSubjects(of: create)),
            Row(
                id: "real-\(profile.rawValue)-push", title: "push \(name) into an empty directory", profile: profile,
                work: .fresh, subjects: realSubjects(of: push)),
        ]
    }

    /// The same as warm rows, with nothing of the tree in memory.
    static let cold: [Row] = [scan, create, push].map { row in
        Row(
            id: "cold-\(row.id)", title: row.title + ", cold cache", profile: row.profile, work: row.work,
            subjects: row.subjects, isCold: true)
    }

    /// Three sizes of one tree, a factor of ten between them; a table of its own says whether time and memory are linear.
    static let growth: [Row] = [(0.1, "10k"), (1, "100k"), (10, "1M")].flatMap { size, name in
        [
            Row(
                id: "growth-scan-\(name)", title: "scan \(name) files", profile: .nm, work: .scan,
                subjects: scan.subjects.filter { $0.isFerry || $0.isFloor }, size: size),
            Row(
                id: "growth-push-\(name)", title: "push \(name) files into an empty directory", profile: .nm,
                work: .fresh, subjects: push.subjects.filter { $0.isFerry || $0.isFloor }, size: size),
            Row(
                id: "growth-again-\(name)", title: "push \(name) files again, nothing changed", profile: .nm,
                work: .again, subjects: push.subjects.filter(\.isFerry), size: size),
        ]
    }

    /// Real trees have names that Ferry leaves out unasked.
    private static func realSubjects(of row: Row) -> [Subject] {
        row.subjects.map { subject in
            guard subject.isFerry else { return subject }
            return .ferry { scene in
                var pipeline = subject.pipeline(scene)
                pipeline.stages[0].arguments.append("--no-default-excludes")
                return pipeline
            }
        }
    }

    /// None of the first two keeps the times of directories, and unison's times are whole seconds.
    ///
    /// rclone could keep modes with `--metadata`, but Debian's 1.60 then gives the modes of links to what they point to.
    private static let otherSubjects: [Subject] = [
        .ferry { Pipeline([$0.ferry, "sync", "push", $0.tree, $0.destination]) },
        Subject(name: "unison", tools: ["unison"], times: .ofFiles) {
            Pipeline([
                "unison", $0.tree, $0.destination, "-ui", "text", "-batch", "-auto", "-silent", "-times", "-perms",
                "-1",
                "-confirmbigdel=false",
            ])
        },
        Subject(name: "rclone sync", tools: ["rclone"], times: .ofBareFiles) {
            Pipeline([
                "rclone", "sync", $0.tree, $0.destination, "--links", "--create-empty-src-dirs",
                "--quiet",
            ])
        },
        Subject(name: "casync", tools: ["casync"]) {
            // The chunks lie beside the tree, where a receiver would have them.
            let store = "'\($0.destination).store'"
            let index = "'\($0.destination).caidx'"
            return Pipeline([
                "sh", "-c",
                "casync make --store=\(store) \(index) '\($0.tree)' && "
                    + "casync extract --store=\(store) \(index) '\($0.destination)'",
            ])
        },
    ]
}
