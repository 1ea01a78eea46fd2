/// The checksum of gzip, computed eight bytes at a time.
struct CRC32 {
    private static let tables: [UInt32] = makeTables()
    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of all bytes so far.
    var value: UInt32 { ~state }

    mutating func update(_ bytes: Span<UInt8>) {
        var crc = state
        unsafe CRC32.tables.withUnsafeBufferPointer { table in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                var index = 0
                while bytes.count - index >= 8 {
                    let low = crc ^ (unsafe CRC32.word(bytes, index))
                    let high = unsafe CRC32.word(bytes, index + 4)
                    let first = unsafe table[1792 + Int(low & 0xFF)] ^ table[1536 + Int(low >> 8 & 0xFF)]
                    let second = unsafe table[1280 + Int(low >> 16 & 0xFF)] ^ table[1024 + Int(low >> 24)]
                    let third = unsafe table[768 + Int(high & 0xFF)] ^ table[512 + Int(high >> 8 & 0xFF)]
                    let fourth = unsafe table[256 + Int(high >> 16 & 0xFF)] ^ table[Int(high >> 24)]
                    crc = first ^ second ^ third ^ fourth
                    index += 8
                }
                while index < bytes.count {
                    unsafe crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])] ^ (crc >> 8)
                    index += 1
                }
            }
        }
        state = crc
    }

    @unsafe
    private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt32 {
        let low = unsafe UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8
        return unsafe low | UInt32(bytes[index + 2]) << 16 | UInt32(bytes[index + 3]) << 24
    }

    /// Eight tables of 256: the n-th says what a byte does to the checksum from n bytes further on.
    private static func makeTables() -> [UInt32] {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 0xFF)] ^ (before >> 8)
        }
        return tables
    }
}
