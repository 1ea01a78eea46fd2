import ArgumentParser
import FerryCore
import FerryEngine
import FerryFileSystem
import FerryProviders

/// `ferry doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check whether all is there that ferry needs.",
        discussion: """
            Looks at libraries, kernel features, limits and tools, and says what to do where something is missing. A few small \
            files are made in the directory for a moment. The exit code is 1 when something that is needed is missing.

            Example: ferry doctor ~/project
            """)

    @Argument(help: ArgumentHelp("A directory like those to be synced.", valueName: "dir"), completion: .directory)
    var directory = "."

    @Option(help: ArgumentHelp("Where Ferry keeps its state.", valueName: "dir"))
    var stateDir: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Option(help: "Colour the output: auto, always or never.")
    var color = ColorChoice.auto

    func run() async throws {
        let path = try Targets.workspace(directory)
        let place = Diagnosis.Place(
            directory: path, stateDirectory: StateDirectory.path(given: stateDir.map(ArgumentText.bytes)),
            searchPath: ProcessInput.environment("PATH").map { $0.split(separator: UInt8(ascii: ":")).map(Array.init) }
                ?? [],
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { ProcessInput.environment($0) }.first
                .map { displayName(of: $0) })
        let findings = DoctorCommand.versions + (await Diagnosis.examine(place))
        let console = Console(color: color)
        for finding in findings {
            console.print(json ? DoctorCommand.event(finding).text : DoctorCommand.line(finding))
        }
        try console.close(with: findings.contains { $0.level == .failure } ? .failed : .done)
    }

    private static var versions: [Finding] {
        [
            Finding("ferry", .ok, Ferry.version),
            Finding(
                "libcurl", HTTPSupport.hasTLS ? .ok : .warning, HTTPSupport.version,
                advice: HTTPSupport.hasTLS ? nil : "use a libcurl with TLS"),
        ]
    }

    /// A finding for people.
    static func line(_ finding: Finding) -> String {
        let level = finding.level.rawValue.padding(to: 5)
        let advice = finding.advice.map { "; \($0)" } ?? ""
        return "\(level) \(finding.subject.padding(to: 18)) \(finding.detail)\(advice)"
    }

    private static func event(_ finding: Finding) -> JSONValue {
        EventPayload.event(
            "finding",
            [
                "subject": .string(finding.subject), "level": .string(finding.level.rawValue),
                "detail": .string(finding.detail), "advice": finding.advice.map { .string($0) } ?? .null,
            ])
    }
}

extension String {
    /// The text with spaces up to a width.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
