import FoundationEssentials
import Glibc

/// One run of the benchmark from the first tree to the report.
struct Session {
    /// Measures all rows that were asked for; what was made on the way is gone afterwards, also after a signal.
    static func measure(_ asked: MeasureOptions) throws -> Report {
        Interruption.install()
        defer { Interruption.finish() }
        umask(0o022)
        var options = asked
        guard let ferry = Tools.find(try Files.absolute(asked.ferry)) else {
            throw BenchError("no executable at \(asked.ferry); build it, or name it with --ferry")
        }
        options.ferry = ferry
        try Files.makeDirectory(asked.workdir)
        let work = try Files.makeTemporaryDirectory(prefix: try Files.absolute(asked.workdir) + "/ferry-bench")
        Interruption.add(directory: work)
        let directory = try sources(options, work)
        let trees = try Trees(directory: directory, scale: options.scale, seed: options.seed, scratch: work)

        var versions: [String: String?] = [:]
        for tool in Tools.packages.keys { versions[tool] = .some(Tools.version(of: tool, scratch: work)) }
        versions["ferry"] = .some(Tools.version(of: ferry, scratch: work))
        var report = Report(
            date: Clock.date(), machine: .current(sources: directory), versions: versions, scale: options.scale,
            rounds: options.rounds, seed: options.seed)
        for row in try options.chosenRows() {
            if let reason = row.unavailability(with: options.profile ?? row.profile) {
                report.rows.append(RowResult(row, absent: reason))
                continue
            }
            let runner = try RowRunner(row: row, options: options, trees: trees, scratch: work)
            report.rows.append(try runner.run())
        }
        report.harnessPeakKiB = RowRunner.ownPeakKiB()
        return report
    }

    /// Where the source trees go: a file system of their own too, unless they are to be kept.
    private static func sources(_ options: MeasureOptions, _ work: String) throws -> String {
        if let trees = options.trees { return try Files.absolute(trees) }
        // Room for all profiles at once, for those of the machine itself, and for trees of more than the full size.
        let rows = try options.chosenRows()
        var size = max(1 << 30, Int64(options.scale * 1024) * 12_582_912)
        if rows.contains(where: \.profile.isReal) { size += 10 << 30 }
        if let largest = rows.map(\.size).max(), largest > 1 { size += Int64(options.scale * largest * 2 * 1024) << 20 }
        return try Volume(base: work + "/sources", size: size).fresh()
    }

    /// Prints a report, and writes it where the options say.
    static func publish(_ report: Report, _ options: MeasureOptions) throws {
        print(report.text(markdown: options.markdown), terminator: "")
        guard let file = options.jsonFile else { return }
        try Files.write(try encode(report), to: file)
    }

    /// A value as JSON with sorted keys, so that two files compare line by line.
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
