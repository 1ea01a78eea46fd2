import ArgumentParser
import Glibc

/// What to measure and where; shared by `run` and `gate`.
struct MeasureOptions: ParsableArguments {
    @Option(help: "The ferry executable; else $FERRY, else .build/release/ferry.")
    var ferry = Tools.variable("FERRY") ?? ".build/release/ferry"

    @Option(help: "Rows to run, separated by commas: \(Row.names.joined(separator: ",")).")
    var rows: String?

    @Option(help: "Run the rows on this profile in place of their own; goals are not judged then.")
    var profile: Profile?

    @Option(name: .customLong("scale"), help: "Size of the trees, as a fraction of the full profile.")
    var requestedScale: Double?

    @Option(name: .customLong("rounds"), help: "Counted rounds.")
    var requestedRounds: Int?

    @Option(help: "Seed of the trees.")
    var seed: UInt64 = 1

    @Flag(help: "Scale 0.1, three rounds, the rows \(Row.short.joined(separator: ",")).")
    var short = false

    @Flag(help: "Count the peers' system calls too.")
    var countPeers = false

    @Option(help: "Where to work; a new directory below it is used and removed.")
    var workdir = "/var/tmp"

    @Option(help: "Keep the generated trees in this directory, and use those that are there.")
    var trees: String?

    @Option(name: .customLong("json"), help: "Write everything measured into this file.")
    var jsonFile: String?

    @Flag(help: "Print Markdown.")
    var markdown = false

    var scale: Double { requestedScale ?? (short ? 0.1 : 1) }
    var rounds: Int { requestedRounds ?? (short ? 3 : 5) }

    /// The chosen rows, in the order in which they run.
    func chosenRows() throws -> [Row] {
        let known = Row.all.map(\.id)
        let wanted = rows?.split(separator: ",").map(String.init) ?? (short ? Row.short : known)
        if let unknown = wanted.first(where: { !known.contains($0) && !Row.groups.contains($0) }) {
            throw ValidationError("no row is called '\(unknown)'; there are \(Row.names.joined(separator: ", "))")
        }
        return Row.all.filter { row in
            wanted.contains { $0 == row.id || (Row.groups.contains($0) && row.id.hasPrefix($0 + "-")) }
        }
    }

    mutating func validate() throws {
        _ = try chosenRows()
        guard scale > 0, rounds > 0 else { throw ValidationError("scale and rounds must be above zero") }
    }
}
