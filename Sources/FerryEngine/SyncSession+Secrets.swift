import FerryCore
import FerryFileSystem

extension SyncSession {
    /// Looks for secrets among what a push is about to send, as far as that happens beforehand.
    ///
    /// When it only warns, names are looked at here, and content while it streams by; a dry run and one that stops read it now.
    ///
    /// - Parameters:
    ///   - plan: The plan of the push.
    ///   - workspace: The root of its source.
    /// - Throws: ``SyncError`` where secrets stop the push; the sandbox was not changed then.
    mutating func checkSecrets(_ plan: Plan, in workspace: OpenDirectory) throws(SyncError) {
        let files: [EntryID]
        switch options.secrets {
        case .off: return
        case .warn where !options.isDryRun && !options.keepsPlan:
            return note(SecretScanner.names(plan.sentFiles, in: plan.source))
        case .warn, .block: files = plan.sentFiles
        }
        let found: [Problem]
        do throws(FileSystemError) {
            found = try SecretScanner.scan(
                files, in: plan.source, root: workspace, threads: options.threads, cancellation: cancellation)
        } catch {
            throw SyncError(.failed, "\(error); nothing was changed")
        }
        try checkCancellation()
        note(found)
        guard options.secrets == .block, !found.isEmpty else { return }
        let count = counted(found.count, "file looks like a secret", "files look like secrets")
        throw SyncError(
            .secrets,
            "\(count); nothing was sent: exclude \(found.count == 1 ? "it" : "them"), or send all the same with --secrets"
                + " warn",
            examples: found.prefix(Self.listedSecrets).map(\.path))
    }

    /// How many paths the error lists; the warnings before it name all.
    private static var listedSecrets: Int { 20 }
}
