import ArgumentParser
import Foundation
import Testing

@testable import FerryCLI

/// Compares help texts with the files in `Snapshots`.
///
/// `RECORD_SNAPSHOTS=1` writes the files anew, and fails.
@Suite("Help")
struct HelpSnapshotTests {
    @Test(
        "The help text is the recorded one",
        arguments: [
            ("ferry", Ferry.self), ("sync", SyncCommand.self), ("push", PushCommand.self), ("pull", PullCommand.self),
            ("status", StatusCommand.self), ("diff", DiffCommand.self), ("verify", VerifyCommand.self),
            ("plan", PlanCommand.self), ("plan-pull", PlanPullCommand.self),
            ("plan-push", PlanPushCommand.self), ("apply", ApplyCommand.self),
            ("undo", UndoCommand.self), ("conflicts", ConflictsCommand.self), ("log", LogCommand.self),
            ("runtime", RuntimeCommand.self), ("runtime-prepare", RuntimePrepareCommand.self),
            ("runtime-restore", RuntimeRestoreCommand.self), ("runtime-release", RuntimeReleaseCommand.self),
            ("check-ignore", CheckIgnoreCommand.self), ("doctor", DoctorCommand.self),
            ("completion", CompletionCommand.self),
        ] as [(String, any ParsableCommand.Type)])
    func help(name: String, command: any ParsableCommand.Type) throws {
        let text = Ferry.helpMessage(for: command, columns: 80) + "\n"
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots/\(name).txt")
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            Issue.record("recorded \(file.lastPathComponent); run again without RECORD_SNAPSHOTS")
            return
        }
        #expect(try text == String(contentsOf: file, encoding: .utf8))
    }

}
