extension Baseline {
    /// The baseline with other fingerprints of the workspace's files: of those that were moved and are what they were.
    ///
    /// - Parameter prints: The new ones by the old ones.
    /// - Returns: The baseline; nil when it holds none of the old ones.
    public func replacing(localFingerprints prints: [Fingerprint: Fingerprint]) -> Baseline? {
        var entries = allEntries
        var hasChanged = false
        for index in entries.indices {
            guard let known = entries[index].entry.local, let print = prints[known] else { continue }
            entries[index].entry.local = print
            hasChanged = true
        }
        return hasChanged ? Baseline(header: header, entries: entries) : nil
    }
}
