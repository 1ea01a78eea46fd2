import Crypto
package import FerryCore

/// Tells whether the workspace's version of an entry is still the one that a conflict was found with.
package enum LocalVersion {
    /// A digest of what `stat` says of an entry and of all below it; empty where there is none.
    ///
    /// The ctime is left out, as in a journal: renames and new names of the file change it.
    ///
    /// - Parameters:
    ///   - id: The entry.
    ///   - snapshot: The workspace.
    /// - Returns: The digest.
    package static func digest(of id: EntryID?, in snapshot: Snapshot) -> [UInt8] {
        guard let id else { return [] }
        var encoder = ByteEncoder()
        var stack = [id]
        while let next = stack.popLast() {
            encoder.add(name: next == id ? [] : snapshot.name(of: next))
            var state = EntryState(snapshot, next)
            // Another name that came or went is no edit.
            state.comparesMode = false
            encoder.add(state)
            if snapshot[next].kind == .symlink { encoder.add(name: snapshot.target(of: next)) }
            stack.append(contentsOf: snapshot.children(of: next))
        }
        return Array(SHA256.hash(data: encoder.bytes))
    }

    /// What counts of a directory whose permission bits alone conflict: what it is, and those bits.
    ///
    /// - Parameters:
    ///   - id: The entry.
    ///   - snapshot: The workspace.
    /// - Returns: Bytes to compare; empty where there is none.
    package static func permissions(of id: EntryID?, in snapshot: Snapshot) -> [UInt8] {
        guard let id else { return [] }
        var encoder = ByteEncoder()
        encoder.add(byte: snapshot[id].kind.rawValue)
        encoder.add(UInt64(snapshot[id].mode))
        return encoder.bytes
    }
}
