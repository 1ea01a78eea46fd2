/// What the probe of a sandbox found: what its tools can do and what the directory is.
///
/// All of it is what the sandbox says of itself; nothing is decided on it that a lie would make unsafe.
package struct RemoteFacts: Hashable, Sendable {
    /// Which tar there is; each packs, unpacks and keeps times in its own way.
    package enum TarKind: String, Sendable {
        /// GNU tar.
        case gnu
        /// The tar of libarchive.
        case bsd
        /// The applet of BusyBox.
        case busybox
        /// One that does not say, taken for one that can as little as BusyBox.
        case other
        /// None.
        case none
    }

    /// How a tree is listed, the best way first.
    package enum ListingMethod: String, Sendable {
        /// `find -printf` of GNU findutils.
        case find
        /// A few lines of python3.
        case python3
        /// A few lines of perl; its times are exact to about a microsecond.
        case perl
        /// Any `find`, and `stat -c` of BusyBox or GNU coreutils.
        case stat
        /// There is no way but to fetch a full tar.
        case none
    }

    /// What takes digests.
    package enum DigestMethod: String, Sendable {
        /// `sha256sum`.
        case sha256sum
        /// A few lines of python3.
        case python3
        /// A few lines of perl.
        case perl
        /// Nothing.
        case none
    }

    /// What the directory is.
    package enum RootState: String, Sendable {
        /// Nothing is there, and that is known.
        case missing
        /// A directory that can be read.
        case directory
        /// Something else is there.
        case other
        /// It, or something above it, cannot be read: whether it is there is unknown.
        case unreadable
        /// It was to be below the home directory, and there is none.
        case nohome
    }

    /// The root as a directory.
    package struct Directory: Hashable, Sendable {
        /// The device that holds it, where that is known.
        package var device: UInt64?
        /// Its inode number.
        package var inode: UInt64?
        /// Its owner.
        package var owner: RemoteOwner?
        /// Whether there is nothing in it, not even an entry of Ferry's own.
        package var isEmpty = false
        /// Whether the user may make entries in it.
        package var isWritable = false
        /// What is free for this user on its file system, in bytes.
        package var freeBytes: Int64?
        /// The free inodes of its file system.
        package var freeInodes: Int64?
    }

    /// The number of the user that commands run as.
    package var user: UInt32?
    /// The home directory; empty where there is none.
    package var home: [UInt8] = []
    /// Changes when the machine below is started anew; empty where nothing says so.
    package var boot: [UInt8] = []
    /// Which tar there is.
    package var tar = TarKind.none
    /// How a tree is listed.
    package var listing = ListingMethod.none
    /// What takes digests.
    package var digest = DigestMethod.none
    /// Whether `xargs -0` works, without which lists cannot be handed to tools.
    package var hasXargs = false
    /// Whether there is gzip.
    package var hasGzip = false
    /// Whether there is zstd.
    package var hasZstd = false
    /// Whether a long list can be taken in pieces without reading it byte by byte.
    package var takesPieces = false
    /// Whether a piece is passed on while it comes, so that its length is no matter.
    package var takesLongPieces = false
    /// What the root is.
    package var root = RootState.unreadable
    /// The root as a directory; nil when it is none.
    package var directory: Directory?

    /// Whether the user may give entries to others.
    package var isSuperuser: Bool { user == 0 }
    /// Whether nothing is there: no directory, or an empty one.
    package var isRootEmpty: Bool { root == .missing || directory?.isEmpty ?? false }
    /// Whether times keep their nanoseconds when the tar unpacks.
    package var keepsSubseconds: Bool { tar == .gnu || tar == .bsd }
}

/// Whom an entry belongs to.
package struct RemoteOwner: Hashable, Sendable {
    /// The user's number.
    package var user: UInt32
    /// The group's number.
    package var group: UInt32

    /// Makes an owner of its numbers.
    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}

extension RemoteFacts {
    /// Puts together what a probe printed; nil when something of it makes no sense.
    ///
    /// - Parameter fields: Its strings `key=value`; unknown keys are for later versions.
    package init?(parsing fields: some Sequence<[UInt8]>) {
        var values: [String: [UInt8]] = [:]
        for field in fields {
            // A mark begins with the sign: one here came twice.
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")), equals > field.startIndex else { return nil }
            let key = String(decoding: field[..<equals], as: UTF8.self)
            guard values.updateValue(Array(field[(equals + 1)...]), forKey: key) == nil else { return nil }
        }
        func text(_ key: String) -> String { String(decoding: values[key] ?? [], as: UTF8.self) }
        guard let tar = TarKind(rawValue: text("tar")), let listing = ListingMethod(rawValue: text("listing")),
            let digest = DigestMethod(rawValue: text("digest")), let root = RootState(rawValue: text("root"))
        else { return nil }
        (self.tar, self.listing, self.digest, self.root) = (tar, listing, digest, root)
        user = UInt32(text("uid"))
        home = values["home"] ?? []
        boot = values["boot"] ?? []
        hasXargs = text("xargs") == "1"
        hasGzip = text("gzip") == "1"
        hasZstd = text("zstd") == "1"
        takesLongPieces = text("pieces") == "2"
        takesPieces = takesLongPieces || text("pieces") == "1"
        guard root == .directory else { return }
        var directory = Directory()
        let line = Self.words(values["line"] ?? [])
        // `ls -dni`: inode, mode, links, user, group and so on, as POSIX lays it down.
        if line.count >= 5 {
            directory.inode = UInt64(line[0])
            if let user = UInt32(line[3]), let group = UInt32(line[4]) {
                directory.owner = RemoteOwner(user: user, group: group)
            }
        }
        directory.device = UInt64(text("device"))
        directory.isEmpty = text("empty") == "1"
        directory.isWritable = text("writable") == "1"
        directory.freeBytes = Self.available(values["space"] ?? []).flatMap { blocks in
            let (bytes, overflow) = blocks.multipliedReportingOverflow(by: 1024)
            return overflow ? nil : bytes
        }
        directory.freeInodes = Self.available(values["inodes"] ?? [])
        self.directory = directory
    }

    /// What is available by a line of `df -P`, whose first and last fields are names that may hold spaces; nil where it does not say.
    private static func available(_ line: [UInt8]) -> Int64? {
        let words = words(line)
        for start in words.indices.dropFirst() where start + 3 < words.count {
            let numbers = words[start..<(start + 3)].map { Int64($0) }
            let share = words[start + 3]
            guard !numbers.contains(nil), share.hasSuffix("%") || share == "-" else { continue }
            // A file system that has no fixed number of inodes says that it has none at all.
            return numbers[0] == 0 ? nil : numbers[2]
        }
        return nil
    }

    private static func words(_ line: [UInt8]) -> [String] {
        line.split { $0 == 0x20 || $0 == 0x09 }.map { String(decoding: $0, as: UTF8.self) }
    }
}
