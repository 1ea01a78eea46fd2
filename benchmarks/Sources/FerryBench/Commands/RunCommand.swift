import ArgumentParser

/// Runs rows and prints the table.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run rows side by side and print medians, ratios, memory and system calls.",
        discussion: "Exits with 1 when a command failed or left a wrong tree.")

    @OptionGroup var options: MeasureOptions

    @OptionGroup var output: PublishOptions

    @Flag(help: "Exit with 2 when a goal was missed.")
    var enforce = false

    func run() throws {
        let report = try Session.measure(options)
        try Session.publish(report, options)
        try output.publish([report])
        if !report.failures.isEmpty { throw ExitCode(1) }
        if enforce, !report.missed.isEmpty { throw ExitCode(2) }
    }
}
