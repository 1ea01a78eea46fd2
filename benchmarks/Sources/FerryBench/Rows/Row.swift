/// One comparison: the same work done by Ferry and by its peers.
struct Row: Sendable {
    /// What a run leaves behind, and so how it is repeated and checked.
    enum Work: Sendable {
        /// Nothing: the counts that Ferry prints are checked.
        case scan
        /// A tar stream, thrown away when timed and extracted once for the check.
        case stream
        /// A tree, in a new destination each time; compared with the source after each run.
        case fresh
        /// A tree that was complete already; compared with the source at the end.
        case again
        /// A tree that was complete before this fraction of the source's files was changed; compared after each run.
        case changed(Double)
        /// A source into which the destination's changes were brought back, so many files; compared after each run.
        case returned(Int)

        /// Whether destinations are made once and live as long as the row.
        var keepsPlaces: Bool {
            switch self {
            case .scan, .stream, .fresh: false
            case .again, .changed, .returned: true
            }
        }

        /// Whether each subject starts from nothing.
        var isFresh: Bool { if case .fresh = self { true } else { false } }
    }

    let id: String
    let title: String
    let profile: Profile
    let work: Work
    /// Ferry first, then its peers.
    let subjects: [Subject]
    var goals: [Goal] = []
    /// Whether a tar file of the source is read.
    var needsTarball = false
    /// Whether that file is compressed.
    var needsCompressed = false
    /// How large the tree is, as a fraction of what was asked for.
    var size = 1.0
    /// How far away the sandbox is, where a server stands between.
    var distance: Distance?
    /// How many small trees go along, for the rows that bring assets.
    var assets = 0
    /// How many destinations there are: directories `1`, `2` and so on below the one to fill; the one itself when zero.
    var copies = 0
    /// How many times Ferry's anonymous memory its peers have to need; nothing is asked without.
    var memoryFactor: Double?

    /// Whether nothing of the tree is in the page cache when a run begins.
    var isCold = false

    /// Whether the sandbox is behind a shell on a pipe, where what passes can be counted.
    var countsWire = false

    /// Why the row cannot be measured on this machine with trees of a profile, or nil.
    func unavailability(with profile: Profile) -> String? {
        if isCold, !PageCache.canBeDropped { return "dropping the page cache needs root" }
        let needed = distance.map { $0.isRelayed ? ["sshd", "python3"] : ["sshd"] } ?? []
        if let missing = needed.first(where: { Tools.find($0) == nil }) {
            return "\(missing) (package \(Tools.packages[missing] ?? missing)) is not installed"
        }
        return profile.unavailability
    }

    /// A sandbox behind an ssh server of this machine.
    struct Distance: Sendable {
        /// What a relay adds in each direction, in seconds; no relay without.
        var delay = 0.0
        /// What a relay lets through in each direction, in bytes a second; any amount without.
        var rate = 0

        /// Whether a relay stands before the server.
        var isRelayed: Bool { delay > 0 || rate > 0 }
    }
}
