/// One or more programs, each one's standard output feeding the next; started without a shell.
struct Pipeline: Sendable {
    /// One program of a pipeline.
    struct Stage: Sendable {
        var arguments: [String]
        /// Whether memory and system calls of this stage count: false for a sink such as `cat`.
        var counts = true
    }

    var stages: [Stage]
    /// A file for the first stage's standard input; nothing is fed to it otherwise.
    var input: String?
    /// A file for the last stage's standard output; discarded otherwise.
    var output: String?

    /// One program alone.
    init(_ arguments: [String], input: String? = nil) {
        stages = [Stage(arguments: arguments)]
        self.input = input
    }

    /// A file's content through a pipe.
    init(feeding file: String) {
        stages = [Stage(arguments: ["cat"], counts: false)]
        input = file
    }

    /// Feeds this pipeline's output to one more program.
    func piped(to arguments: [String]) -> Pipeline {
        var copy = self
        copy.stages.append(Stage(arguments: arguments))
        return copy
    }

    /// Feeds this pipeline's output to `cat`, which throws it away: GNU tar reads no file when it sees `/dev/null` itself.
    func intoCat() -> Pipeline {
        var copy = self
        copy.stages.append(Stage(arguments: ["cat"], counts: false))
        return copy
    }

    /// The command as a person would type it, with the programs' names without their directories.
    var text: String {
        stages.map { stage in
            let name = stage.arguments[0].split(separator: "/").last.map(String.init) ?? stage.arguments[0]
            return ([name] + stage.arguments.dropFirst()).joined(separator: " ")
        }.joined(separator: " | ")
    }
}
