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
}
