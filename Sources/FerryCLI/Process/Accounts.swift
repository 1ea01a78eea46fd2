import Glibc

/// Looks up the numbers of users and groups.
enum Accounts {
    /// A user's number and first group.
    static func user(named name: String) -> (user: UInt32, group: UInt32)? {
        // SAFETY: one thread runs while arguments are parsed, so the static record is not overwritten while it is read.
        guard let record = unsafe getpwnam(name) else { return nil }
        return unsafe (record.pointee.pw_uid, record.pointee.pw_gid)
    }

    /// The first group of a user given by number.
    static func group(ofUser number: UInt32) -> UInt32? {
        // SAFETY: as above.
        guard let record = unsafe getpwuid(number) else { return nil }
        return unsafe record.pointee.pw_gid
    }

    /// A group's number.
    static func group(named name: String) -> UInt32? {
        // SAFETY: as above.
        guard let record = unsafe getgrnam(name) else { return nil }
        return unsafe record.pointee.gr_gid
    }
}
