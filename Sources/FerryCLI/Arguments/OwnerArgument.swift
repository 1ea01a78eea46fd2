import ArgumentParser
import FerryFileSystem

/// The value of `--owner`.
struct OwnerArgument: Equatable {
    let owner: FileOwner

    /// Reads `USER[:GROUP]`, each a name or a number; without a group the user's own.
    init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user: UInt32
        var group: UInt32?
        if let found = Accounts.user(named: String(parts[0])) {
            (user, group) = (found.user, found.group)
        } else if let number = UInt32(parts[0]), number != .max {
            (user, group) = (number, Accounts.group(ofUser: number))
        } else {
            throw ValidationError("there is no user '\(parts[0])'; give one of this machine, or a number")
        }
        if parts.count == 2 {
            group = Accounts.group(named: String(parts[1])) ?? UInt32(parts[1])
            if group == nil || group == .max {
                throw ValidationError("there is no group '\(parts[1])'; give one of this machine, or a number")
            }
        }
        guard let group else {
            throw ValidationError("the user \(user) has no entry here, so the group is not known; give \(user):GROUP")
        }
        owner = FileOwner(user: user, group: group)
    }
}
