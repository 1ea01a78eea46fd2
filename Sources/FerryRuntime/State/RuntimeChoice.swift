import FerryCore

/// Chooses the one runtime that is meant.
enum RuntimeChoice {
    /// Chooses.
    ///
    /// - Parameters:
    ///   - records: The runtimes of the workspace in the sandbox.
    ///   - spec: Its directory is preferred.
    ///   - adapterKey: The only adapter to look at; nil for any.
    /// - Returns: The only one that fits.
    /// - Throws: ``RuntimeError`` when none does, or several do.
    static func one(
        of records: [RuntimeRecord], spec: ExecutionSpec, adapterKey: String?
    ) throws(RuntimeError) -> RuntimeRecord {
        var fitting = records.filter { adapterKey == nil || $0.adapterKey == adapterKey }
        let sameDirectory = fitting.filter { $0.requestedRemote.elementsEqual(spec.remoteDirectory.utf8) }
        if !sameDirectory.isEmpty { fitting = sameDirectory }
        guard let first = fitting.first else {
            throw RuntimeError(
                .notPrepared, "No runtime of this workspace is known in this sandbox.", advice: "Prepare it first.")
        }
        guard fitting.count == 1 else {
            let keys = fitting.map { "'\($0.adapterKey)'" }.sorted().joined(separator: ", ")
            throw RuntimeError(
                .ambiguous, "Several runtimes of this workspace are known in this sandbox: \(keys).",
                advice: "Name the adapter, and the directory in the sandbox.")
        }
        return first
    }
}
