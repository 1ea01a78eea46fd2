import ArgumentParser

@main
struct FerryBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ferry-bench",
        abstract: "Measure ferry side by side with tar, rsync, cp and find.",
        subcommands: [RunCommand.self, ReportCommand.self, GateCommand.self, GenCommand.self, CompareCommand.self])
}
