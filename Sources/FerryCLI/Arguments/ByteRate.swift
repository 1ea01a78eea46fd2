import ArgumentParser

/// A rate as rsync's `--bwlimit` takes it: units of 1024 bytes a second, unless a suffix says otherwise.
struct ByteRate: ExpressibleByArgument, Equatable {
    /// Bytes a second; nil for no limit.
    let bytesPerSecond: Int?

    /// Reads `100`, `1.5m`, `2MiB`, `500KB` (the last in thousands) or `4096b`; `0` takes the limit away.
    init?(argument: String) {
        let text = argument.lowercased()
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number), value >= 0, value.isFinite else { return nil }
        guard let factor = ByteRate.factor(text.dropFirst(number.count)) else { return nil }
        let bytes = (value * factor).rounded()
        guard bytes < Double(Int.max) else { return nil }
        bytesPerSecond = bytes == 0 ? nil : Int(bytes)
    }

    private static func factor(_ suffix: Substring) -> Double? {
        if suffix.isEmpty { return 1024 }
        if suffix == "b" { return 1 }
        guard let letter = suffix.first, let power = ["k", "m", "g", "t", "p"].firstIndex(of: letter) else {
            return nil
        }
        let base: Double
        switch suffix.dropFirst() {
        case "", "ib": base = 1024
        case "b": base = 1000
        default: return nil
        }
        return (0...power).reduce(1) { product, _ in product * base }
    }
}
