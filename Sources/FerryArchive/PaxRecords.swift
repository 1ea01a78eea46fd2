import FerryCore

/// The `length key=value` lines of a pax extended header.
struct PaxRecords: ~Copyable {
    private(set) var bytes = ByteBuffer(capacity: TarBlock.size)
    private var value = ByteBuffer(capacity: 64)

    var isEmpty: Bool { bytes.isEmpty }

    mutating func removeAll() {
        bytes.removeAll()
    }

    /// Adds the time when a ustar header cannot say all of it.
    ///
    /// Times before 1970 are written the way POSIX and GNU tar mean them, as a decimal number; libarchive adds the fraction
    /// to the whole seconds without regard to the sign, so those records are never left to it.
    mutating func add(mtime: Timestamp) {
        guard mtime.nanoseconds != 0 || mtime.seconds < 0 || mtime.seconds >= 0x7FFF_FFFF else { return }
        var seconds = mtime.seconds
        var nanoseconds = mtime.nanoseconds
        value.removeAll()
        if seconds < 0 && nanoseconds > 0 {
            seconds += 1
            nanoseconds = 1_000_000_000 - nanoseconds
            if seconds == 0 { value.append(UInt8(ascii: "-")) }
        }
        value.append(decimal: seconds)
        if nanoseconds != 0 {
            value.append(UInt8(ascii: "."))
            var digit: UInt32 = 100_000_000
            while nanoseconds > 0 {
                value.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: nanoseconds / digit))
                nanoseconds %= digit
                digit /= 10
            }
        }
        addValue(key: "mtime")
    }

    mutating func add(key: StaticString, number: Int64) {
        value.removeAll()
        value.append(decimal: number)
        addValue(key: key)
    }

    mutating func add(key: StaticString, value bytes: Span<UInt8>) {
        value.removeAll()
        value.append(bytes)
        addValue(key: key)
    }

    /// A record's length counts its own digits.
    private mutating func addValue(key: StaticString) {
        let rest = key.utf8CodeUnitCount + value.count + 3
        var digits = 1
        var limit = 10
        while rest + digits >= limit {
            digits += 1
            limit *= 10
        }
        bytes.append(decimal: Int64(rest + digits))
        bytes.append(UInt8(ascii: " "))
        bytes.append(key)
        bytes.append(UInt8(ascii: "="))
        value.withSpan { bytes.append($0) }
        bytes.append(UInt8(ascii: "\n"))
    }
}
