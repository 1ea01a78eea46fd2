import ArgumentParser
import FoundationEssentials

/// Shows what earlier runs measured.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Put saved results together: print them, rewrite a page's table, draw the plot.",
        discussion: "Of a row that several files hold, the last file's figures are shown.")

    @Argument(help: "Files that `run --json` wrote.")
    var files: [String]

    @Flag(help: "Print Markdown.")
    var markdown = false

    @OptionGroup var output: PublishOptions

    func run() throws {
        let reports = try files.map { try JSONDecoder().decode(Report.self, from: Data(try Files.read($0).utf8)) }
        if output.readme == nil, output.plot == nil {
            for report in reports { print(report.text(markdown: markdown)) }
        }
        try output.publish(reports)
    }
}
