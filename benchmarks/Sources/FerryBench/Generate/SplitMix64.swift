import Glibc

/// The only source of randomness of the generator: the same seed gives the same tree everywhere.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from zero up to, not including, `bound`.
    mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    /// A number in the interval (0, 1].
    mutating func unit() -> Double {
        Double((next() >> 11) + 1) / 9_007_199_254_740_992
    }

    /// A log-normally distributed size: half of the draws lie below `median`, none above `cap`.
    mutating func logNormal(median: Double, sigma: Double, cap: Int) -> Int {
        let gauss = (-2.0 * log(unit())).squareRoot() * cos(2.0 * Double.pi * unit())
        let size = median * exp(sigma * gauss)
        return size >= Double(cap) ? cap : Int(size)
    }

    /// A made-up word of `syllables` syllables.
    mutating func word(_ syllables: Int) -> String {
        var word = ""
        for _ in 0..<syllables { word += Self.syllables[below(Self.syllables.count)] }
        return word
    }

    static let syllables = [
        "ab", "ac", "con", "core", "dash", "dev", "dom", "el", "ex", "fi", "gen", "graph", "hash", "in", "is", "js",
        "kit", "lex", "lint", "lo", "map", "min", "net", "node", "obj", "pa", "path", "pro", "re", "rx", "set", "str",
        "sync", "ta", "to", "ts", "un", "util", "ve", "wrap", "x", "yarn", "zip", "zone",
    ]
}
