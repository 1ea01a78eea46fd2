/// A block of bytes that file contents are cut from: writing a file then costs one copy and no computation.
struct ContentPool {
    /// Twice the same block, so that a cut may begin anywhere in the first half and be as long as the block.
    let bytes: [UInt8]

    /// The longest cut.
    var block: Int { bytes.count / 2 }

    private init(block: [UInt8]) {
        bytes = block + block
    }

    /// Text that looks like source code and compresses like it.
    static func text(seed: UInt64, size: Int) -> ContentPool {
        var random = SplitMix64(seed: seed)
        let words = (0..<4096).map { _ in
            let syllables = 1 + random.below(3)
            return Array(random.word(syllables).utf8)
        }
        let glue = [
            " ", " ", " ", "(", ")", " = ", ".", ";\n", ",\n  ", " => ", "{\n", "}\n", ": ", "\"",
        ].map { Array($0.utf8) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 64)
        while bytes.count < size {
            bytes += words[random.below(random.below(3) == 0 ? 4096 : 256)]
            bytes += glue[random.below(glue.count)]
        }
        return ContentPool(block: Array(bytes[..<size]))
    }

    /// Bytes that do not compress.
    static func noise(seed: UInt64, size: Int) -> ContentPool {
        var random = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 8)
        while bytes.count < size {
            var word = random.next()
            for _ in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return ContentPool(block: Array(bytes[..<size]))
    }
}
