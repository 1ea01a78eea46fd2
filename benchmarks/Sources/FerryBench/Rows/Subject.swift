/// One way of doing a row's work: Ferry's, or a peer's.
struct Subject: Sendable {
    let name: String
    /// The programs that must be installed; Ferry itself is not among them.
    var tools: [String] = []
    /// How exact the modification times are that this way carries.
    var times = TreeComparison.Times.nanoseconds
    /// What extracts this way's stream for the check.
    ///
    /// GNU tar loses the times of directories that bsdtar's order returns to.
    var reader = "tar"
    /// The commands that fill the destination before a row that keeps it, where they are others than the timed ones.
    var preparation: (@Sendable (Scene) -> Pipeline)?
    /// The commands, for given paths.
    let pipeline: @Sendable (Scene) -> Pipeline

    var isFerry: Bool { name == Subject.ferryName }

    /// Whether this is no tool but the least that one must do: no goal stands against it.
    var isFloor: Bool { name == Subject.floorName }

    static let ferryName = "ferry"
    static let floorName = "floor"

    /// Ferry with the arguments that the closure gives.
    static func ferry(
        preparing preparation: (@Sendable (Scene) -> Pipeline)? = nil,
        _ pipeline: @escaping @Sendable (Scene) -> Pipeline
    ) -> Subject {
        Subject(name: ferryName, preparation: preparation, pipeline: pipeline)
    }

    /// The same work in raw system calls without any of Ferry's code; with other tools where the row has them.
    static func floor(
        tools: [String] = [], times: TreeComparison.Times = .nanoseconds,
        preparing preparation: (@Sendable (Scene) -> Pipeline)? = nil,
        _ pipeline: @escaping @Sendable (Scene) -> Pipeline
    ) -> Subject {
        Subject(
            name: floorName, tools: [Tools.floor] + tools, times: times, preparation: preparation, pipeline: pipeline)
    }

    /// The floor of a push into a directory that is filled already: list both sides, rewrite what differs.
    static let floorOfUpdate = floor(preparing: { Pipeline([Tools.floor, "mirror", $0.tree, $0.destination]) }) {
        Pipeline([Tools.floor, "update", $0.tree, $0.destination])
    }
}
