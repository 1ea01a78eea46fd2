package import FerryCore
import Glibc

extension ScanStamp {
    /// A scan of this machine's own file systems that begins now.
    ///
    /// Files get their times from the coarse clock, so that is the one to ask.
    package static var now: ScanStamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return ScanStamp(start: Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec)))
    }

    /// When content may be read of a tree that was scanned, so that the scan's fingerprints are worth something for all that is in it.
    ///
    /// Who makes files and pushes them at once would otherwise push files too young to be known again. Once the clock has left the
    /// tick of the youngest, whatever somebody changes after the reading shows in the ctime. Waits for some milliseconds, and only then.
    ///
    /// - Parameters:
    ///   - scan: When the scan began.
    ///   - tree: What it found.
    /// - Returns: The scan's own stamp, or a later one.
    package static func readingBegins(after scan: ScanStamp, _ tree: Snapshot) -> ScanStamp {
        // A file that was looked at before gets a finer time, which may be ahead of this clock by a tick.
        var limit = now.start
        let (seconds, nanoseconds) = (limit.nanoseconds + tick).quotientAndRemainder(dividingBy: 1_000_000_000)
        limit = Timestamp(seconds: limit.seconds + Int64(seconds), nanoseconds: nanoseconds)
        guard let youngest = tree.latestChange(notAfter: limit), !scan.trusts(mtime: youngest, ctime: youngest)
        else {
            return scan
        }
        while true {
            let stamp = now
            if stamp.trusts(mtime: youngest, ctime: youngest) { return stamp }
            usleep(1_000)
        }
    }

    /// The longest tick of a clock, in nanoseconds.
    private static let tick: UInt32 = 10_000_000

    /// A scan that begins so much later that it trusts whatever was written before; waits for some milliseconds.
    ///
    /// Without, it would not trust what Ferry itself has just written, and the next change of the other side would be taken for one of
    /// both.
    package static func afterWrites() -> ScanStamp {
        let written = now
        while true {
            let stamp = now
            if stamp.trusts(mtime: written.start, ctime: written.start) { return stamp }
            usleep(1_000)
        }
    }
}
