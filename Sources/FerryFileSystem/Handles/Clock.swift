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
