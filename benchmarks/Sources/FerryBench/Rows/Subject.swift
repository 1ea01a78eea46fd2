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

    static let ferryName = "ferry"

    /// Ferry with the arguments that the closure gives.
    static func ferry(
        preparing preparation: (@Sendable (Scene) -> Pipeline)? = nil,
        _ pipeline: @escaping @Sendable (Scene) -> Pipeline
    ) -> Subject {
        Subject(name: ferryName, preparation: preparation, pipeline: pipeline)
    }
}
