import FerryCore

/// The name of one change of a workspace: a pull or an undo.
///
/// It begins with the time in UTC, so names sort by age.
package struct RunID: Hashable, Comparable, Sendable {
    /// Digits, lower-case letters and hyphens.
    package let text: String

    /// Makes a new one.
    package static func now() -> RunID {
        let now = StampClock.now
        let time = CalendarTime(now.seconds)
        func digits(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = digits(time.year, 4) + digits(time.month, 2) + digits(time.day, 2)
        let hour = digits(time.hour, 2) + digits(time.minute, 2) + digits(time.second, 2)
        // Within a second, runs of one workspace still sort by age.
        let fraction = digits(Int64(now.nanoseconds / 1_000_000), 3)
        let tag = String(UInt64.random(in: 0..<46_656), radix: 36)
        return RunID(unchecked: "\(date)-\(hour)-\(fraction)\(String(repeating: "0", count: 3 - tag.count))\(tag)")
    }

    /// Takes over a name that somebody gave.
    ///
    /// Nil when it is none.
    package init?(_ text: String) {
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isName, !text.isEmpty, text.utf8.count <= 64 else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// The name's bytes.
    package var bytes: [UInt8] { Array(text.utf8) }

    /// Older comes first.
    package static func < (lhs: RunID, rhs: RunID) -> Bool { lhs.text < rhs.text }
}

/// A time of the clock as people write it, in UTC.
package struct CalendarTime: Sendable, Equatable {
    package let year: Int64
    package let month: Int64
    package let day: Int64
    package let hour: Int64
    package let minute: Int64
    package let second: Int64

    /// As ISO 8601 has it.
    package var text: String {
        func digits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(year)-\(digits(month))-\(digits(day))T\(digits(hour)):\(digits(minute)):\(digits(second))Z"
    }

    /// Takes seconds since 1970 apart.
    package init(_ seconds: Int64) {
        let ofDay = ((seconds % 86_400) + 86_400) % 86_400
        // Years that begin in March, so that a leap day ends one; 400 of them have 146,097 days.
        let days = (seconds - ofDay) / 86_400 + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let ofEra = days - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * ofYear + 2) / 153
        day = ofYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = ofDay / 3_600
        minute = ofDay / 60 % 60
        second = ofDay % 60
    }
}
