import Testing

@Suite("Rules for every source file")
struct SourceRuleTests {
    /// Files of modules without unsafe code that have some all the same, and why.
    private static let unsafeExceptions = [
        "Sources/FerryEngine/Stream/EntryEncoder.swift": "the hash function of StreamDigest only takes raw buffers"
    ]

    /// Where each unsafe expression would hide a broken invariant.
    private static let safeModules: Set<String> = [
        "FerryCore", "FerryEngine", "FerryTransport", "FerryProviders", "FerryRuntime",
    ]

    static let files = SourceFile.all(in: ["Sources", "Tests", "benchmarks/Sources"])

    @Test("the engine, the core, the transports and the providers hold no unsafe code")
    func safety() {
        for file in Self.files where Self.safeModules.contains(file.module) && Self.unsafeExceptions[file.path] == nil {
            for (number, text) in file.code where text.contains(/\bunsafe\b|Unsafe[A-Z]\w*/) {
                Issue.record("\(file.path):\(number) is unsafe: \(text)")
            }
        }
    }

    @Test("no file is longer than 400 lines")
    func length() {
        for file in Self.files { #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines") }
    }

    @Test("nothing is forced: no try!, no as!, no forced value")
    func force() {
        for file in Self.files where !file.path.hasPrefix("Tests/ArchitectureTests/") {
            for (number, text) in file.code where text.contains(/\btry!|\bas!|[\w\)\]]!(?!=)/) {
                Issue.record("\(file.path):\(number) forces: \(text)")
            }
        }
    }
}
