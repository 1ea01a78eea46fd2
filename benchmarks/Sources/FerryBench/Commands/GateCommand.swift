import ArgumentParser
import FoundationEssentials

/// Compares counts that do not drift with those on record.
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Fail when system calls or peak memory have grown past the recorded counts.",
        discussion: """
            Runs the short mode. Times and their ratios are printed beside the counts but decide nothing. Raising a \
            threshold needs a reason in the commit that does it.
            """)

    @Option(help: "The file with the counts on record.")
    var thresholds: String

    @Flag(help: "Write the counts of this run into the file.")
    var record = false

    @OptionGroup var options: MeasureOptions

    func run() throws {
        var options = options
        options.short = true
        var recorded = Thresholds(scale: options.scale, seed: options.seed)
        if Files.exists(thresholds) {
            recorded = try JSONDecoder().decode(Thresholds.self, from: Data(try Files.read(thresholds).utf8))
            guard record || (recorded.scale == options.scale && recorded.seed == options.seed) else {
                throw BenchError("\(thresholds) was recorded at scale \(recorded.scale), seed \(recorded.seed)")
            }
        } else if !record {
            throw BenchError("\(thresholds) does not exist; make it with --record")
        }
        let report = try Session.measure(options)
        try Session.publish(report, options)
        if !report.failures.isEmpty { throw ExitCode(1) }
        if record {
            recorded.record(report)
            let folder = thresholds.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            if !folder.isEmpty { try Files.makeDirectory(folder.joined(separator: "/")) }
            try Files.write(try Session.encode(recorded), to: thresholds)
            print("recorded in \(thresholds)")
            return
        }
        let verdicts = recorded.judge(report)
        print("\ncounts against \(thresholds):")
        for verdict in verdicts { print(verdict.text) }
        if verdicts.contains(where: \.isFailure) { throw ExitCode(1) }
    }
}
