import FerryArchive
import FerryCore
import FerryTransport

/// What a sandbox is to do with a stream, and around it.
///
/// All paths are below the root. Nothing but what is listed is ever removed, and a directory only when it is empty.
struct RemoteReceiveRequest: Sendable {
    /// Entries to remove.
    struct Removal: Sendable {
        /// Everything but directories.
        var files: [[UInt8]] = []
        /// Directories, in any order; each is removed after those below it.
        var directories: [[UInt8]] = []

        init(files: [[UInt8]] = [], directories: [[UInt8]] = []) {
            self.files = files
            self.directories = directories
        }
    }

    /// What is listed afterwards.
    enum Listing: Sendable {
        /// Nothing.
        case none
        /// These paths.
        case written([[UInt8]])
        /// The whole directory.
        case whole
    }

    /// How the stream is compressed.
    var compression = Compression.none
    /// Directories that are there and are to be written into, but whose mode forbids it.
    var openDirectories: [[UInt8]] = []
    /// What goes first, because something of another kind comes in its place.
    var removeBefore = Removal()
    /// What goes when all has arrived.
    var removeAfter = Removal()
    /// Whom entries are given to, as root.
    var owners: [(path: [UInt8], owner: RemoteOwner)] = []
    /// Modes to set when all else is done: of directories that travelled writable, of what changes nothing but its mode.
    var modes: [(path: [UInt8], mode: UInt16)] = []
    /// Times to set when all else is done: what the stream's own did not outlive, or the tar there does not set.
    var times: [(path: [UInt8], mtime: Timestamp)] = []
    /// What is listed afterwards.
    var listing = Listing.none
    /// The trees that this listing is divided into.
    var listed = RemoteListingRequest(whole: RemoteListingOptions())

    init() {}
}

/// What a sandbox did with a stream.
struct RemoteReceipt: Sendable {
    /// The number of entries that its end mark told, which is the number that was sent.
    var entries: Int
    /// What was to be removed and is still there: it holds something, or could not be removed.
    var remaining: [[UInt8]]
    /// What was asked to be listed; nil when nothing was.
    var listings: RemoteListings?
    /// Why some entries could not be written although all of the stream arrived; the listing shows which.
    var incomplete: TransportError?
}

extension RemoteReceipt {
    /// The first of the listed trees.
    var listing: RemoteListing? { listings?.first }
}

extension RemoteReceiveRequest {
    /// Adds what is to be done around another tree's entries.
    ///
    /// - Parameters:
    ///   - other: The request of that tree alone; what it asks to be listed does not count.
    ///   - place: Where the tree goes.
    mutating func add(_ other: RemoteReceiveRequest, at place: [UInt8]) {
        func here(_ path: [UInt8]) -> [UInt8] { RelativePath.join(place, path) }
        openDirectories += other.openDirectories.map(here)
        removeBefore.files += other.removeBefore.files.map(here)
        removeBefore.directories += other.removeBefore.directories.map(here)
        removeAfter.files += other.removeAfter.files.map(here)
        removeAfter.directories += other.removeAfter.directories.map(here)
        owners += other.owners.map { (here($0.path), $0.owner) }
        modes += other.modes.map { (here($0.path), $0.mode) }
        times += other.times.map { (here($0.path), $0.mtime) }
    }
}
