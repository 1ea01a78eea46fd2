import FerryCore

/// The records of a pax extended header that change what a member is; owner, comments and the like are passed over.
struct PaxHeader {
    var path: [UInt8]?
    var linkTarget: [UInt8]?
    var size: Int64?
    var mtime: Timestamp?
    var sparseName: [UInt8]?
    var sparseSize: Int64?
    var sparseMajor: Int64?
    var isSparse = false

    /// Why a header is not taken.
    struct Problem: Error {
        var reason: String
    }

    /// Parses the content of an extended header.
    init(_ bytes: [UInt8]) throws(Problem) {
        var start = 0
        while start < bytes.count {
            // Some tars count the NULs after the records into the size.
            if bytes[start] == 0, bytes[start...].allSatisfy({ $0 == 0 }) { return }
            var length = 0
            var index = start
            while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10, length <= 1 << 32
            {
                length = length * 10 + Int(digit)
                index += 1
            }
            guard index > start, index < bytes.count, bytes[index] == UInt8(ascii: " "),
                length > index - start + 2, length <= bytes.count - start,
                bytes[start + length - 1] == UInt8(ascii: "\n"),
                let equals = bytes[(index + 1)..<(start + length)].firstIndex(of: UInt8(ascii: "="))
            else { throw Problem(reason: "a record of its extended header is malformed") }
            let (key, value) = (bytes[(index + 1)..<equals], bytes[(equals + 1)..<(start + length - 1)])
            if PaxHeader.isTime(key) {
                mtime = try PaxHeader.time(value)
            } else {
                try set(String(decoding: key, as: UTF8.self), value)
            }
            start += length
        }
    }

    private mutating func set(_ key: String, _ value: ArraySlice<UInt8>) throws(Problem) {
        switch key {
        case "path": path = try PaxHeader.name(value, key)
        case "linkpath": linkTarget = try PaxHeader.name(value, key)
        case "size": size = try PaxHeader.number(value, key)
        case "GNU.sparse.name": sparseName = try PaxHeader.name(value, key)
        case "GNU.sparse.realsize", "GNU.sparse.size":
            sparseSize = try PaxHeader.number(value, key)
            isSparse = true
        case "GNU.sparse.major":
            sparseMajor = try PaxHeader.number(value, key)
            isSparse = true
        default: if key.hasPrefix("GNU.sparse.") { isSparse = true }
        }
    }

    /// Whether anything is said that would change the members to come, were this a global header.
    var changesFraming: Bool {
        path != nil || linkTarget != nil || size != nil || sparseName != nil || isSparse
    }

    private static func name(_ value: ArraySlice<UInt8>, _ key: String) throws(Problem) -> [UInt8] {
        guard !value.contains(0) else { throw Problem(reason: "its extended header hides a NUL in '\(key)'") }
        guard !value.isEmpty else { throw Problem(reason: "its extended header has an empty '\(key)'") }
        return Array(value)
    }

    private static func number(_ value: ArraySlice<UInt8>, _ key: String) throws(Problem) -> Int64 {
        guard !value.isEmpty, value.count <= 19, value.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(String(decoding: value, as: UTF8.self))
        else { throw Problem(reason: "its extended header's '\(key)' is not a size") }
        return number
    }

    private static var noTime: Problem { Problem(reason: "its extended header's 'mtime' is not a time") }

    private static func isTime(_ key: ArraySlice<UInt8>) -> Bool {
        key.count == 5 && key.elementsEqual("mtime".utf8)
    }

    /// A decimal number of seconds; digits beyond nanoseconds are cut off.
    private static func time(_ value: ArraySlice<UInt8>) throws(Problem) -> Timestamp {
        // PERF: by hand, because most archives have one for each file.
        let isNegative = value.first == UInt8(ascii: "-")
        var position = value.startIndex + (isNegative ? 1 : 0)
        let first = position
        var seconds: Int64 = 0
        while position < value.endIndex, case let digit = value[position] &- UInt8(ascii: "0"), digit < 10 {
            let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = product.addingReportingOverflow(Int64(digit))
            guard !isTooLarge, !overflows else { throw noTime }
            seconds = sum
            position += 1
        }
        guard position > first else { throw noTime }
        var nanoseconds: UInt32 = 0
        if position < value.endIndex {
            guard value[position] == UInt8(ascii: ".") else { throw noTime }
            var scale: UInt32 = 100_000_000
            for byte in value[(position + 1)...] {
                guard case let digit = byte &- UInt8(ascii: "0"), digit < 10 else { throw noTime }
                nanoseconds += UInt32(digit) * scale
                scale /= 10
            }
        }
        guard isNegative else { return Timestamp(seconds: seconds, nanoseconds: nanoseconds) }
        return nanoseconds == 0
            ? Timestamp(seconds: -seconds) : Timestamp(seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }
}
