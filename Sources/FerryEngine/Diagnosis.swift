import FerryArchive
public import FerryFileSystem
import FerryThreads

/// What Ferry finds in the place where it runs: whether all is there that it needs.
public enum Diagnosis {
    /// Where to look.
    public struct Place: Sendable {
        /// A directory like those that are to be synced; a few small files are made in it for a moment.
        public var directory: [UInt8]
        /// Where Ferry keeps its state; nil when nothing says where.
        public var stateDirectory: [UInt8]?
        /// The directories in which programs are looked for.
        public var searchPath: [[UInt8]]
        /// The names of the locale that hold for characters, the first that is set first.
        public var locale: String?

        /// Makes a place.
        public init(directory: [UInt8], stateDirectory: [UInt8]?, searchPath: [[UInt8]], locale: String?) {
            self.directory = directory
            self.stateDirectory = stateDirectory
            self.searchPath = searchPath
            self.locale = locale
        }
    }

    /// Looks at everything.
    ///
    /// - Parameter place: Where to look.
    /// - Returns: What was found, in the order in which it is to be read.
    public static func examine(_ place: Place) async -> [Finding] {
        let findings = try? await BlockingThread.run(named: "doctor") { () throws in
            [Finding("libarchive", .ok, ArchiveLibrary.version), SystemProbe.kernel()]
                + SystemProbe.features(in: place.directory)
                + [SystemProbe.openFiles(), SystemProbe.state(place.stateDirectory), SystemProbe.locale(place.locale)]
                + SystemProbe.tools(place.searchPath)
        }
        return findings ?? [Finding("threads", .failure, "the system refuses a thread", advice: "raise ulimit -u")]
    }
}
