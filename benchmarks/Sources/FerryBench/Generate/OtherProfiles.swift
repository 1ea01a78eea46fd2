extension TreeWriter {
    /// Six dense files of 256 MiB and one of 1 GiB that is almost all hole.
    func writeLarge(scale: Double) throws {
        for index in 0..<6 {
            let size = max(4096, Int(268_435_456 * scale))
            try file("large-\(index).bin", size, index.isMultiple(of: 2) ? .text : .noise)
        }
        let apparent = max(1 << 24, Int(1_073_741_824 * scale)) & ~0xFFFFF
        try sparseFile("sparse.img", apparent: apparent, islands: 64, island: 65_536)
    }

    /// Very many tiny files in one directory.
    func writeFlat(files wanted: Int) throws {
        for index in 0..<wanted {
            let digits = String(index)
            let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
            let syllable = SplitMix64.syllables[random.below(SplitMix64.syllables.count)]
            try file("\(syllable)-\(padded).t", random.below(512))
        }
    }

    /// Chains of a hundred directories, a few files in each.
    func writeDeep(files wanted: Int) throws {
        let chains = max(1, wanted / 1000)
        let each = max(1, wanted / (chains * 100))
        for chain in 0..<chains {
            var path = "chain\(chain)"
            for level in 0..<100 {
                path += "/" + random.word(2) + String(level)
                try directory(path)
                for index in 0..<each {
                    try file("\(path)/f\(index)", random.logNormal(median: 800, sigma: 1.2, cap: 100_000))
                }
            }
            try link(path + "/up", to: "../../..")
        }
    }
}
