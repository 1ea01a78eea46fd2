import Glibc

/// The clock of every measurement: monotonic, never adjusted.
enum Clock {
    /// The time now.
    ///
    /// Corresponds to `clock_gettime(2)` with `CLOCK_MONOTONIC`.
    static func now() -> timespec {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time
    }

    static func seconds(from start: timespec, to end: timespec) -> Double {
        Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
    }

    static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// The date and time of day as ISO 8601 in UTC, for reports.
    static func date() -> String {
        var moment = time(nil)
        var parts = unsafe tm()
        unsafe gmtime_r(&moment, &parts)
        let fields = unsafe [
            parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
        ]
        let text = fields.map { $0 < 10 ? "0\($0)" : "\($0)" }
        return text[..<3].joined(separator: "-") + "T" + text[3...].joined(separator: ":") + "Z"
    }
}
