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
    package init?(record: Span<UInt8>) {
        // One for each entry of a sandbox: nothing is allocated here.
        var words = WordReader()
        guard let kind = Self.kind(ofLetter: words.letter(of: record)) else { return nil }
        self.init(kind, &words, of: record)
    }

    /// Reads `KINDDEPTH MODE SIZE …`, an entry of a walk: the same with a number right behind the first letter.
    ///
    /// Nil when it is not exactly that, or a number is out of range.
    ///
    /// - Parameters:
    ///   - record: The string.
    ///   - depth: How far below the root the entry is.
    package init?(walked record: Span<UInt8>, depth: inout UInt64) {
        guard !record.isEmpty, let kind = Self.kind(ofLetter: record[0]) else { return nil }
        var words = WordReader(position: 1)
        depth = words.number(of: record)
        self.init(kind, &words, of: record)
    }

    /// Whether a string is an entry of a walk, right or wrong.
    package static func isWalked(_ record: Span<UInt8>) -> Bool {
        record.count > 1 && Decimal.digit(record[1]).map { $0 < 10 } ?? false
    }

    /// Reads `MODE SIZE MTIME CTIME INODE LINKS DEVICE UID GID` up to the end.
    private init?(_ kind: EntryKind, _ words: inout WordReader, of record: Span<UInt8>) {
        let (mode, size) = (words.number(of: record, radix: 8), words.number(of: record))
        let (mtime, ctime) = (words.time(of: record), words.time(of: record))
        let (inode, links) = (words.number(of: record), words.number(of: record))
        let device = words.number(of: record)
        let (user, group) = (words.number(of: record), words.number(of: record))
        guard words.isAtEnd(of: record), mode <= 0o7777, let size = Int64(exactly: size),
            let user = UInt32(exactly: user),
            let group = UInt32(exactly: group)
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

    private static func kind(ofLetter letter: UInt8) -> EntryKind? {
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
        var words = WordReader()
        let time = words.time(of: word.span)
        return words.isAtEnd(of: word.span) ? time : nil
    }
}

/// Reads the words of a line one after the other, between single spaces.
///
/// What is not what was asked for makes it fail: from then on it gives zeros and never comes to the end.
private struct WordReader {
    private var position: Int
    private var hasFailed = false

    init(position: Int = 0) { self.position = position }

    /// Whether all words were read, and each was what it had to be.
    func isAtEnd(of line: Span<UInt8>) -> Bool { !hasFailed && position == line.count + 1 }

    /// A word of one letter; 0 when it is none.
    mutating func letter(of line: Span<UInt8>) -> UInt8 {
        guard line.count > 1, position < line.count, line[position] != 0x20 else {
            hasFailed = true
            return 0
        }
        let letter = line[position]
        position += 1
        endWord(of: line)
        return letter
    }

    /// A number without a sign.
    mutating func number(of line: Span<UInt8>, radix: UInt64 = 10) -> UInt64 {
        let first = position
        var value: UInt64 = 0
        while position < line.count, let digit = Decimal.digit(line[position]), digit < radix {
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { hasFailed = true }
            value = sum
            position += 1
        }
        if position == first || position - first > 22 { hasFailed = true }
        endWord(of: line)
        return hasFailed ? 0 : value
    }

    /// Whole seconds, or seconds and a fraction that always counts upwards: `-2.5` is a second and a half before 1970.
    mutating func time(of line: Span<UInt8>) -> Timestamp {
        let first = min(position, line.count)
        var end = first
        var point: Int?
        while end < line.count, line[end] != 0x20 {
            if point == nil, line[end] == UInt8(ascii: ".") { point = end }
            end += 1
        }
        let seconds = Decimal.signed(line.extracting(first..<(point ?? end)))
        let nanoseconds = point.map { Decimal.nanoseconds(line.extracting(($0 + 1)..<end)) } ?? 0
        position = end
        endWord(of: line)
        guard let seconds, let nanoseconds else {
            hasFailed = true
            return Timestamp(seconds: 0)
        }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }

    private mutating func endWord(of line: Span<UInt8>) {
        if position < line.count, line[position] != 0x20 { hasFailed = true }
        position = min(position + 1, line.count + 1)
    }
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
    static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
        default: nil
        }
    }

    static func unsigned(_ bytes: ArraySlice<UInt8>, radix: UInt64 = 10) -> UInt64? {
        unsigned(bytes.span, radix: radix)
    }

    static func unsigned(_ bytes: Span<UInt8>, radix: UInt64 = 10) -> UInt64? {
        guard !bytes.isEmpty, bytes.count <= 22 else { return nil }
        var value: UInt64 = 0
        for index in bytes.indices {
            guard let digit = digit(bytes[index]), digit < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    static func signed(_ bytes: ArraySlice<UInt8>) -> Int64? { signed(bytes.span) }

    static func signed(_ bytes: Span<UInt8>) -> Int64? {
        guard !bytes.isEmpty, bytes[0] == UInt8(ascii: "-") else {
            return unsigned(bytes).flatMap { Int64(exactly: $0) }
        }
        return unsigned(bytes.extracting(1...)).flatMap { Int64(exactly: $0) }.map { -$0 }
    }

    /// The digits behind a point; more than nine may follow, and are too small to count.
    static func nanoseconds(_ digits: ArraySlice<UInt8>) -> UInt32? { nanoseconds(digits.span) }

    /// The digits behind a point; more than nine may follow, and are too small to count.
    static func nanoseconds(_ digits: Span<UInt8>) -> UInt32? {
        guard !digits.isEmpty, digits.count <= 20 else { return nil }
        for index in digits.indices where !(0x30...0x39).contains(digits[index]) { return nil }
        var value: UInt32 = 0
        for index in 0..<9 { value = value * 10 + (index < digits.count ? UInt32(digits[index] - 0x30) : 0) }
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
