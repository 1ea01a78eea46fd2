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
    /// How that listing is read.
    var listingOptions = RemoteListingOptions()

    init() {}
}

/// What a sandbox did with a stream.
struct RemoteReceipt: Sendable {
    /// The number of entries that its end mark told, which is the number that was sent.
    var entries: Int
    /// What was to be removed and is still there: it holds something, or could not be removed.
    var remaining: [[UInt8]]
    /// What was asked to be listed; nil when nothing was.
    var listing: RemoteListing?
    /// Why some entries could not be written although all of the stream arrived; the listing shows which.
    var incomplete: TransportError?
}
