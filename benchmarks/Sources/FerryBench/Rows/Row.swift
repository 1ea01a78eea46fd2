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
}
