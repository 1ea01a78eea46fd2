import FerryCore

/// The steps of a request in the order in which a sandbox does them, each one tool and one list.
struct RemoteSteps: Sendable {
    struct Step: Sendable {
        /// `before` or `after` the stream, the tool, and its argument.
        var line: String
        var list: RemoteList
    }

    private(set) var steps: [Step] = []

    init(_ request: RemoteReceiveRequest) {
        add("before chmod u+rwx", Self.parentsFirst(request.openDirectories))
        add("before rm", request.removeBefore.files)
        add("before rmdir", Self.childrenFirst(request.removeBefore.directories))
        add("after rm", request.removeAfter.files)
        add("after rmdir", Self.childrenFirst(request.removeAfter.directories))
        for (owner, paths) in Self.groups(request.owners.map { ($0.owner, $0.path) }) {
            add("after chown \(owner.user):\(owner.group)", paths)
        }
        var times = RemoteList()
        for (path, mtime) in request.times { times.append(path, prefix: Self.text(mtime)) }
        if !times.isEmpty { steps.append(Step(line: "step after times", list: times)) }
        addModes(request.modes)
        if case .written(let paths) = request.listing { add("after written", paths) }
    }

    private mutating func add(_ line: String, _ paths: [[UInt8]]) {
        if !paths.isEmpty { steps.append(Step(line: "step \(line)", list: RemoteList(paths))) }
    }

    /// Deeper ones first, because a directory's new mode may close the way to what is below it.
    private mutating func addModes(_ modes: [(path: [UInt8], mode: UInt16)]) {
        struct Rank: Hashable {
            var depth: Int
            var mode: UInt16
        }
        let ranked = Dictionary(grouping: modes) {
            Rank(depth: $0.path.count { $0 == RelativePath.separator }, mode: $0.mode & 0o777)
        }
        for (rank, entries) in ranked.sorted(by: { ($1.key.depth, $0.key.mode) < ($0.key.depth, $1.key.mode) }) {
            add("after chmod \(String(rank.mode, radix: 8))", entries.map(\.path))
        }
    }

    private static func groups(_ pairs: [(RemoteOwner, [UInt8])]) -> [(RemoteOwner, [[UInt8]])] {
        Dictionary(grouping: pairs, by: \.0).map { ($0.key, $0.value.map(\.1)) }
            .sorted { ($0.0.user, $0.0.group) < ($1.0.user, $1.0.group) }
    }

    private static func childrenFirst(_ paths: [[UInt8]]) -> [[UInt8]] { parentsFirst(paths).reversed() }

    private static func parentsFirst(_ paths: [[UInt8]]) -> [[UInt8]] {
        paths.map(RelativePath.init(unchecked:)).sorted().map(\.bytes)
    }

    /// A time as a decimal number and a space.
    private static func text(_ time: Timestamp) -> [UInt8] {
        var (seconds, nanoseconds) = (time.seconds, time.nanoseconds)
        var sign = ""
        if seconds < 0 {
            sign = "-"
            if nanoseconds > 0 {
                seconds += 1
                nanoseconds = 1_000_000_000 - nanoseconds
            }
        }
        let fraction = String(nanoseconds)
        let zeros = String(repeating: "0", count: 9 - fraction.count)
        return Array("\(sign)\(seconds.magnitude).\(zeros)\(fraction) ".utf8)
    }
}
