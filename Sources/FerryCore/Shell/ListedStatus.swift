/// What a listing says of one entry, its names apart: the first string of a record, or a line of `stat`.
package struct ListedStatus: Equatable, Sendable {
    /// The entry's metadata.
    package var status: EntryStatus
    /// Whom it belongs to.
    package var owner: RemoteOwner

    /// Reads `KIND MODE SIZE MTIME CTIME INODE LINKS DEVICE UID GID`, the mode in octal, all else in decimal.
    ///
    /// Nil when it is not exactly that, or a number is out of range.
    ///
    /// - Parameter record: The string.
    package init?(record: some Collection<UInt8>) {
        // One for each entry of a sandbox: nothing is allocated here.
        var words = WordReader(record)
        guard let kind = words.next().flatMap(Self.kind(ofLetter:)), let mode = words.number(radix: 8), mode <= 0o7777,
            let size = words.number().flatMap({ Int64(exactly: $0) }), let mtime = words.next().flatMap(Self.time),
            let ctime = words.next().flatMap(Self.time), let inode = words.number(), let links = words.number(),
            let device = words.number(), let user = words.number().flatMap({ UInt32(exactly: $0) }),
            let group = words.number().flatMap({ UInt32(exactly: $0) }), words.isAtEnd
        else { return nil }
        status = EntryStatus(
            kind: kind, mode: UInt16(mode & 0o777), size: size, mtime: mtime, ctime: ctime, inode: inode,
            device: device, linkCount: links)
        owner = RemoteOwner(user: user, group: group)
    }

    /// Reads a line of `stat -c '%f %s %i %h %d %u %g %y %z'`, or with `%Y %Z` at its end.
    ///
    /// Nil when it is not exactly that, or a number is out of range.
    ///
    /// - Parameter line: The line without its end.
    package init?(statLine line: some Collection<UInt8>) {
        let words = Words(line)
        let mtime: Timestamp?
        let ctime: Timestamp?
        switch words.count {
        case 13:
            mtime = CivilTime.timestamp(date: words[7], time: words[8], zone: words[9])
            ctime = CivilTime.timestamp(date: words[10], time: words[11], zone: words[12])
        case 9:
            mtime = Self.time(words[7])
            ctime = Self.time(words[8])
        default: return nil
        }
        guard let mtime, let ctime, let mode = words.number(0, radix: 16),
            let kind = Self.kind(ofMode: mode)
        else { return nil }
        guard let size = words.number(1), size <= UInt64(Int64.max), let inode = words.number(2),
            let links = words.number(3), let device = words.number(4),
            let user = words.number(5), let group = words.number(6),
            let user = UInt32(exactly: user), let group = UInt32(exactly: group)
        else { return nil }
        status = EntryStatus(
            kind: kind, mode: UInt16(mode & 0o777), size: Int64(size), mtime: mtime, ctime: ctime, inode: inode,
            device: device, linkCount: links)
        owner = RemoteOwner(user: user, group: group)
    }

    private static func kind(ofLetter word: ArraySlice<UInt8>) -> EntryKind? {
        guard word.count == 1, let letter = word.first else { return nil }
        switch letter {
        case UInt8(ascii: "f"): return .file
        case UInt8(ascii: "d"): return .directory
        case UInt8(ascii: "l"): return .symlink
        case UInt8(ascii: "p"): return .fifo
        case UInt8(ascii: "s"): return .socket
        case UInt8(ascii: "c"): return .characterDevice
        case UInt8(ascii: "b"): return .blockDevice
        default: return nil
        }
    }

    private static func kind(ofMode mode: UInt64) -> EntryKind? {
        switch mode & ~0o7777 {
        case 0o100_000: .file
        case 0o040_000: .directory
        case 0o120_000: .symlink
        case 0o010_000: .fifo
        case 0o140_000: .socket
        case 0o020_000: .characterDevice
        case 0o060_000: .blockDevice
        default: nil
        }
    }

    /// Whole seconds, or seconds and a fraction that always counts upwards: `-2.5` is a second and a half before 1970.
    private static func time(_ word: ArraySlice<UInt8>) -> Timestamp? {
        let point = word.firstIndex(of: UInt8(ascii: ".")) ?? word.endIndex
        guard let seconds = Decimal.signed(word[..<point]) else { return nil }
        guard point < word.endIndex else { return Timestamp(seconds: seconds) }
        guard let nanoseconds = Decimal.nanoseconds(word[(point + 1)...]) else { return nil }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
}

/// Reads the words of a line one after the other, between single spaces.
private struct WordReader {
    private var rest: ArraySlice<UInt8>
    private(set) var isAtEnd = false

    init(_ line: some Collection<UInt8>) { rest = Array(line)[...] }

    mutating func next() -> ArraySlice<UInt8>? {
        guard !isAtEnd else { return nil }
        guard let space = rest.firstIndex(of: 0x20) else {
            isAtEnd = true
            return rest
        }
        defer { rest = rest[(space + 1)...] }
        return rest[..<space]
    }

    mutating func number(radix: UInt64 = 10) -> UInt64? { next().flatMap { Decimal.unsigned($0, radix: radix) } }
}

/// The words of a line, between single spaces.
private struct Words {
    private let words: [ArraySlice<UInt8>]

    init(_ line: some Collection<UInt8>) {
        words = Array(line).split(separator: 0x20, maxSplits: 16, omittingEmptySubsequences: false)
    }

    var count: Int { words.count }

    subscript(index: Int) -> ArraySlice<UInt8> { words[index] }

    func number(_ index: Int, radix: UInt64 = 10) -> UInt64? { Decimal.unsigned(words[index], radix: radix) }
}

/// Numbers as tools print them: digits only, no sign but `-`, nothing out of range.
enum Decimal {
    static func unsigned(_ bytes: ArraySlice<UInt8>, radix: UInt64 = 10) -> UInt64? {
        guard !bytes.isEmpty, bytes.count <= 22 else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            let digit: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a")) + 10
            default: return nil
            }
            guard digit < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    static func signed(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard bytes.first == UInt8(ascii: "-") else { return unsigned(bytes).flatMap { Int64(exactly: $0) } }
        return unsigned(bytes.dropFirst()).flatMap { Int64(exactly: $0) }.map { -$0 }
    }

    /// The digits behind a point; more than nine may follow, and are too small to count.
    static func nanoseconds(_ digits: ArraySlice<UInt8>) -> UInt32? {
        guard !digits.isEmpty, digits.count <= 20, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        var value: UInt32 = 0
        for index in 0..<9 {
            let digit = index < digits.count ? digits[digits.startIndex + index] - 0x30 : 0
            value = value * 10 + UInt32(digit)
        }
        return value
    }
}

/// Dates in UTC as `stat -c %y` prints them.
package enum CivilTime {
    /// Reads `2023-11-14`, `22:13:20.123456789` and `+0000`; nil when they are not that.
    package static func timestamp(
        date: ArraySlice<UInt8>, time: ArraySlice<UInt8>, zone: ArraySlice<UInt8>
    ) -> Timestamp? {
        let date = date.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let parts = time.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard zone.elementsEqual("+0000".utf8), date.count == 3, parts.count <= 2,
            let year = Decimal.signed(date[0]), let month = Decimal.signed(date[1]), let day = Decimal.signed(date[2]),
            (0...1_000_000).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let clock = parts[0].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = Decimal.signed(clock[0]), let minute = Decimal.signed(clock[1]),
            let second = Decimal.signed(clock[2]), (0..<24).contains(hour), (0..<60).contains(minute),
            (0...60).contains(second)
        else { return nil }
        let nanoseconds = parts.count == 2 ? Decimal.nanoseconds(parts[1]) : 0
        guard let nanoseconds else { return nil }
        return Timestamp(
            seconds: days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second, nanoseconds: nanoseconds)
    }

    /// Days since 1970 in the Gregorian calendar; years begin in March, so that the day of a leap year comes last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
