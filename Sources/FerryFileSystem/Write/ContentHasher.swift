import Crypto
package import FerryCore
import SystemPackage

/// Takes the SHA-256 of files whose content has to be compared with something far away.
package enum ContentHasher {
    /// Takes digests.
    ///
    /// - Parameters:
    ///   - ids: The files.
    ///   - snapshot: The tree that they are in.
    ///   - root: Its root.
    /// - Returns: A digest for each file, in the same order; nil for one that could not be read, which is among the problems.
    package static func digests(
        of ids: [EntryID], in snapshot: Snapshot, root: OpenDirectory
    ) -> (digests: [[UInt8]?], problems: [Problem]) {
        var cursor = DirectoryCursor(root: root)
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var problems: [Problem] = []
        let digests = ids.map { id -> [UInt8]? in
            do throws(Errno) {
                let parent = snapshot.parent(of: id).map { snapshot.path(of: $0) } ?? []
                let file = try cursor.open(parent).handle.openFile(snapshot.terminatedName(of: id))
                var hash = SHA256()
                while true {
                    var span = buffer.mutableSpan
                    let count = try file.read(into: &span)
                    if count == 0 { break }
                    hash.update(data: buffer[..<count])
                }
                return Array(hash.finalize())
            } catch {
                let path = snapshot.path(of: id)
                problems.append(
                    Problem(
                        .unreadable, path: path, message: FileSystemError("read", path: path, cause: error).description)
                )
                return nil
            }
        }
        return (digests, problems)
    }
}
