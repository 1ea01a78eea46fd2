import Foundation
import TestSupport
import Testing

@Suite("The table of hostile archives")
struct HostileTableTests {
    @Test("none of them changes what lies outside or gets past the rules, whatever GNU tar and bsdtar do with it")
    func table() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let table = try Tool.run(
            "/usr/bin/env",
            ["python3", root.appending(path: "scripts/hostile-archives.py").path, "--ferry", FerryRun.binary],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"])
        #expect(table.status == 0, "\(table.errors)\(table.text)")
        let rows = table.text.split(separator: "\n").dropFirst(2)
        #expect(rows.count >= 20)
        for row in rows { #expect(row.split(separator: "|").count == 4, "\(row)") }
    }
}
