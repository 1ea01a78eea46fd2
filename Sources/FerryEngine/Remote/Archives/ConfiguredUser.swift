import FerryCore

/// Whom the commands of a container run as, as it was configured: `user`, `user:group`, by names or numbers.
struct ConfiguredUser {
    private let user: [UInt8]
    private let group: [UInt8]?

    init(_ text: [UInt8]) {
        let parts = text.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        user = Array(parts[0])
        group = parts.count > 1 && !parts[1].isEmpty ? Array(parts[1]) : nil
    }

    /// The numbers, looked up in the container's own files.
    ///
    /// - Parameter content: Reads a file of the container; empty when there is none.
    /// - Returns: The owner; root's numbers for names that are not known.
    /// - Throws: What reading does.
    func owner(_ content: ([UInt8]) throws(SyncError) -> [UInt8]) throws(SyncError) -> RemoteOwner {
        var owner = RemoteOwner(user: 0, group: 0)
        if let number = Self.number(user), let group, let groupNumber = Self.number(group) {
            return RemoteOwner(user: number, group: groupNumber)
        }
        let users = Self.lines(try content(Array("/etc/passwd".utf8)))
        if let number = Self.number(user) {
            owner.user = number
            owner.group = users.first { $0.count > 3 && $0[2] == user }.flatMap { Self.number($0[3]) } ?? 0
        } else if let line = users.first(where: { $0.count > 3 && $0[0] == user }) {
            owner = RemoteOwner(user: Self.number(line[2]) ?? 0, group: Self.number(line[3]) ?? 0)
        }
        guard let group else { return owner }
        if let number = Self.number(group) {
            owner.group = number
        } else {
            let groups = Self.lines(try content(Array("/etc/group".utf8)))
            owner.group = groups.first { $0.count > 2 && $0[0] == group }.flatMap { Self.number($0[2]) } ?? 0
        }
        return owner
    }

    private static func number(_ text: [UInt8]) -> UInt32? { UInt32(String(decoding: text, as: UTF8.self)) }

    private static func lines(_ content: [UInt8]) -> [[[UInt8]]] {
        content.split(separator: 0x0A).map {
            $0.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { Array($0) }
        }
    }
}
