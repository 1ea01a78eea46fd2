extension Baseline {
    /// The sandbox's files that are perhaps as they were agreed on, of which only their content can say so.
    ///
    /// - Parameters:
    ///   - remote: The sandbox's tree.
    ///   - trust: What its fingerprints are worth.
    /// - Returns: The paths of files whose content has a digest in the baseline, and whose fingerprint decides nothing.
    public func undecidedFiles(in remote: Snapshot, trust: PlanPolicy.RemoteTrust) -> [[UInt8]] {
        var paths: [[UInt8]] = []
        guard trust != .everything else { return paths }
        var stack = [(remote.root, root)]
        while let (id, directory) = stack.popLast() {
            var known = BaselineFollower(self, directory)
            for child in remote.children(of: id) {
                let record = remote[child]
                if trust == .fingerprints, record.kind == .file {
                    let looks = FileLooks(remote: Fingerprint(of: child, in: remote), size: record.size)
                    if known.pass(fileNamed: remote.name(of: child), looks) != nil { continue }
                }
                guard let item = known.find(remote.name(of: child)) else { continue }
                let entry = item.entry
                if record.kind == .directory, entry.kind == .directory { stack.append((child, item.directory)) }
                guard record.kind == .file, entry.kind == .file, record.size == entry.size, !entry.digest.isEmpty,
                    !record.flags.contains(.unreadable),
                    trust == .nothing || entry.remote != Fingerprint(of: child, in: remote)
                else { continue }
                paths.append(remote.path(of: child))
            }
        }
        return paths
    }
}
