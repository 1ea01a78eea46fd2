/// Numbers for people.
enum Quantity {
    /// A number of bytes: `999 B`, `1.2 kB`, `34.5 MB`.
    static func bytes(_ count: Int64) -> String {
        if count < 1000 { return "\(count) B" }
        var value = Double(count)
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return "\(decimal(value, places: 1)) \(units[unit])"
    }

    /// A number with thousands set apart: `1,234,567`.
    static func count(_ number: some BinaryInteger) -> String {
        var digits = Array(String(number).reversed())
        var index = 3
        while index < digits.count, digits[index] != "-" {
            digits.insert(",", at: index)
            index += 4
        }
        return String(digits.reversed())
    }

    /// A duration: `0.34 s`, `2 min 03 s`.
    static func duration(_ duration: Duration) -> String {
        let seconds = seconds(duration)
        guard seconds >= 60 else { return "\(decimal(seconds, places: 2)) s" }
        let whole = Int(seconds)
        let rest = "\(whole % 60 < 10 ? "0" : "")\(whole % 60) s"
        return whole < 3600 ? "\(whole / 60) min \(rest)" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// Seconds with their fraction.
    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// A number that is not negative, rounded to some places, always with a point.
    static func decimal(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((value * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
