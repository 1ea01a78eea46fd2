/// Writes tar archives block by block, right or wrong, for tests of those who read them.
package struct TarBlockBuilder {
    /// What was written.
    package private(set) var bytes: [UInt8] = []

    /// Begins an archive.
    package init() {}

    /// A member with a ustar header and its content.
    package mutating func member(
        _ name: [UInt8], type: Character = "0", mode: Int = 0o644, size: [UInt8]? = nil, content: [UInt8] = [],
        link: [UInt8] = [], prefix: [UInt8] = [], magic: String = "ustar\u{0}00", checksumOffset: Int = 0,
        patch: [Int: UInt8] = [:]
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ field: [UInt8], _ offset: Int, _ limit: Int) {
            for (index, byte) in field.prefix(limit).enumerated() { block[offset + index] = byte }
        }
        put(name, 0, 100)
        put(TarBlockBuilder.octal(mode, 7), 100, 8)
        put(TarBlockBuilder.octal(0, 7), 108, 8)
        put(TarBlockBuilder.octal(0, 7), 116, 8)
        put(size ?? TarBlockBuilder.octal(content.count, 11), 124, 12)
        put(TarBlockBuilder.octal(1_600_000_000, 11), 136, 12)
        block[156] = type.asciiValue ?? 0
        put(link, 157, 100)
        put(Array(magic.utf8), 257, 8)
        put(prefix, 345, 155)
        for (offset, byte) in patch { block[offset] = byte }
        let sum = block[..<148].reduce(0) { $0 + Int($1) } + block[156...].reduce(0) { $0 + Int($1) } + 8 * 32
        put(TarBlockBuilder.octal(sum + checksumOffset, 6) + [0, 0x20], 148, 8)
        bytes += block
        data(content)
    }

    /// A member with a name in text.
    package mutating func member(
        _ name: String, type: Character = "0", mode: Int = 0o644, content: String = "", link: String = ""
    ) {
        member(Array(name.utf8), type: type, mode: mode, content: Array(content.utf8), link: Array(link.utf8))
    }

    /// A pax extended header with records.
    package mutating func pax(_ records: [(String, [UInt8])], type: Character = "x") {
        let content = records.flatMap { TarBlockBuilder.record($0.0, $0.1) }
        member(Array("PaxHeader".utf8), type: type, content: content)
    }

    /// A GNU long name (`L`) or long link (`K`).
    package mutating func long(_ type: Character, _ name: [UInt8]) {
        member(Array("././@LongLink".utf8), type: type, content: name, magic: "ustar  \u{0}")
    }

    /// Content, filled up to a whole block.
    package mutating func data(_ content: [UInt8]) {
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// Blocks of NULs; two are an end marker.
    package mutating func zeros(_ blocks: Int = 2) {
        bytes += [UInt8](repeating: 0, count: 512 * blocks)
    }

    /// The archive with its end marker.
    package func ended() -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: 1_024)
    }

    /// One `length key=value` record.
    package static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [0x0A]
        var length = rest.count + 1
        while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
        return Array(String(length).utf8) + rest
    }

    package static func octal(_ value: Int, _ digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array((String(repeating: "0", count: max(digits - text.count, 0)) + text).utf8)
    }
}
