import ArgumentParser

/// Generates a tree.
struct GenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gen", abstract: "Generate a source tree; the same arguments give the same tree.")

    @Argument(help: "The shape: \(Profile.allCases.map(\.rawValue).joined(separator: ", ")).")
    var profile: Profile

    @Argument(help: "Where the tree goes: an empty directory, or a path where nothing is yet.")
    var destination: String

    @Option(help: "Size as a fraction of the full profile.")
    var scale = 1.0

    @Option(help: "Number of files, in place of the scale.")
    var files: Int?

    @Option(help: "Trees of one profile, size and seed are equal.")
    var seed: UInt64 = 1

    func validate() throws {
        guard scale > 0, files ?? 1 > 0 else { throw ValidationError("scale and files must be above zero") }
    }

    func run() throws {
        let summary = try profile.generate(
            at: try Files.absolute(destination), scale: scale, files: files, seed: seed)
        print(try Session.encode(summary), terminator: "")
    }
}
