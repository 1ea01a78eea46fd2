/// Reads the fields of one header block without any leniency.
enum TarBlockReader {
    static func isZero(_ bytes: Span<UInt8>) -> Bool {
        // Nearly all headers begin with a name.
        guard bytes.isEmpty || bytes[0] == 0 else { return false }
        // PERF: one pass without early exit, which the compiler turns into wide loads.
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            var union: UInt8 = 0
            for index in 0..<bytes.count { union |= unsafe bytes[index] }
            return union == 0
        }
    }

    /// Whether the block's checksum is right, as a sum of unsigned bytes or, as some old tars wrote it, of signed ones.
    static func hasRightChecksum(_ block: Span<UInt8>) -> Bool {
        guard let stored = octal(block, 148, 8) else { return false }
        let (sum, high) = unsafe block.withUnsafeBufferPointer { bytes -> (UInt32, UInt32) in
            guard let start = bytes.baseAddress, bytes.count == TarBlock.size else { return (.max, 0) }
            var (sum, high) = unsafe TarBlock.sums(of: UnsafeRawPointer(start))
            for index in 148..<156 {
                sum &-= unsafe UInt32(bytes[index])
                high &-= unsafe UInt32(bytes[index] >> 7)
            }
            return (sum &+ 8 * 0x20, high)
        }
        return stored == Int64(sum) || stored == Int64(sum) - 256 * Int64(high)
    }

    /// A number field: octal digits or, when the first byte's high bit is set, base-256.
    static func number(_ block: Span<UInt8>, _ offset: Int, _ size: Int) -> Int64? {
        let first = block[offset]
        guard first & 0x80 != 0 else { return octal(block, offset, size) }
        // Bit 6 is the sign; what does not fit 63 bits is not a number here.
        var value: Int64 = first & 0x40 != 0 ? -1 : 0
        value = value << 6 | Int64(first & 0x3F)
        for index in (offset + 1)..<(offset + size) {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
            guard !overflow else { return nil }
            value = shifted | Int64(block[index])
        }
        return value
    }

    /// An octal field: spaces, digits, then spaces or NULs to its end; nothing at all counts as 0.
    private static func octal(_ block: Span<UInt8>, _ offset: Int, _ size: Int) -> Int64? {
        var index = offset
        let end = offset + size
        while index < end && block[index] == UInt8(ascii: " ") { index += 1 }
        var value: Int64 = 0
        while index < end, case let digit = block[index] &- UInt8(ascii: "0"), digit < 8 {
            value = value << 3 | Int64(digit)
            index += 1
        }
        while index < end {
            guard block[index] == 0 || block[index] == UInt8(ascii: " ") else { return nil }
            index += 1
        }
        return value
    }

    /// A text field: its bytes up to the first NUL.
    static func text(_ block: Span<UInt8>, _ offset: Int, _ size: Int) -> Range<Int> {
        var end = offset
        while end < offset + size && block[end] != 0 { end += 1 }
        return offset..<end
    }

    /// Appends the bytes of a text field.
    static func append(_ block: Span<UInt8>, _ range: Range<Int>, to bytes: inout [UInt8]) {
        unsafe block.extracting(range).withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Whether the magic starts with the given text.
    static func hasMagic(_ block: Span<UInt8>, _ magic: StaticString) -> Bool {
        magic.withUTF8Buffer { magic in
            for index in 0..<magic.count where unsafe block[257 + index] != magic[index] { return false }
            return true
        }
    }
}
