import Glibc

/// The ratios of the rows as a picture: horizontal bars on a logarithmic scale, Ferry the line at one.
///
/// It is SVG with colours for light and dark pages, and the same figures always give the same text.
struct Plot {
    /// Those that have a colour, in the order of the legend.
    enum Kind: String, CaseIterable {
        case tar = "GNU tar"
        case bsdtar
        case rsync
        case cp
        case find
        case origin = "archive and copy"
        case other = "others"
        case floor = "floor: raw system calls"

        /// The colour on light pages and on dark ones.
        var colors: (light: String, dark: String) {
            switch self {
            case .tar: ("#0969da", "#4493f8")
            case .bsdtar: ("#1b7c83", "#39c5cf")
            case .rsync: ("#bc4c00", "#db6d28")
            case .cp: ("#8250df", "#ab7df8")
            case .find: ("#1a7f37", "#3fb950")
            case .origin: ("#bf3989", "#db61a2")
            case .other: ("#9a6700", "#d29922")
            case .floor: ("#818b98", "#9198a1")
            }
        }

        /// The kind of a subject, from its name.
        init(_ name: String) {
            let kinds: [(String, Kind)] = [
                ("bsdtar", .bsdtar), ("rsync", .rsync), ("cp ", .cp), ("find", .find), ("origin", .origin),
                ("floor", .floor), ("tar", .tar), ("GNU tar", .tar),
            ]
            self = kinds.first { name.hasPrefix($0.0) }?.1 ?? .other
        }
    }

    private struct Bar {
        var name: String
        var ratio: Double
        var must: Double?
        var kind: Kind
    }

    private static let width = 852.0
    private static let labels = 142.0
    private static let margin = 150.0
    private static let barHeight = 13.0
    private static let gap = 9.0
    private static let top = 104.0

    private let groups: [(label: String, bars: [Bar])]
    private let lowest: Double
    private let highest: Double

    /// Takes the rows that have a ratio to show.
    init(_ rows: MeasuredRows) {
        groups = rows.all.compactMap { entry in
            let bars = (entry.result.peers + [entry.result.floor].compactMap { $0 }).compactMap { subject in
                subject.ratio.map {
                    Bar(name: subject.name, ratio: $0.median, must: subject.goal?.must, kind: Kind(subject.name))
                }
            }
            return entry.result.peers.isEmpty || bars.isEmpty ? nil : (entry.result.id, bars)
        }
        let values = groups.flatMap { $0.bars.flatMap { [$0.ratio, $0.must ?? $0.ratio] } }.filter { $0 > 0 }
        lowest = Self.power(atMost: min(0.5, values.min() ?? 0.5))
        highest = 1 / Self.power(atMost: 1 / max(4, values.max() ?? 4))
    }

    /// The picture.
    var svg: String {
        let count = groups.reduce(0) { $0 + $1.bars.count }
        let plotHeight = Double(count) * Self.barHeight + Double(groups.count) * Self.gap
        let height = Self.top + plotHeight + 34
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width.short) \(height.short)" role="img">
            <title>Time of other programs by Ferry's</title>
            <desc>\(description)</desc>
            <style>
            text { font: 11px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
            .title { font-size: 16px; font-weight: 600 }
            .muted { fill: #59636e }
            .grid { stroke: #d1d9e0; stroke-width: 1 }
            .one, .must { stroke: #1f2328; stroke-width: 2 }
            \(Kind.allCases.map { ".\($0) { fill: \($0.colors.light) }" }.joined(separator: "\n"))
            @media (prefers-color-scheme: dark) {
            text { fill: #f0f6fc }
            .muted { fill: #9198a1 }
            .grid { stroke: #3d444d }
            .one, .must { stroke: #f0f6fc }
            \(Kind.allCases.map { ".\($0) { fill: \($0.colors.dark) }" }.joined(separator: "\n"))
            }
            </style>
            <text class="title" x="16" y="26">How many times Ferry's time the others take</text>
            <text class="muted" x="16" y="44">Medians of the rounds, logarithmic scale. Right of the line at 1×, Ferry is faster.</text>

            """
        text += legend
        text += axis(height: plotHeight)
        var y = Self.top
        for group in groups {
            let middle = y + Double(group.bars.count) * Self.barHeight / 2 + 4
            text += #"<text x="\#((Self.labels - 12).short)" y="\#(middle.short)" text-anchor="end">"#
            text += Self.escaped(group.label) + "</text>\n"
            for bar in group.bars {
                text += draw(bar, y)
                y += Self.barHeight
            }
            y += Self.gap
        }
        return text + "</svg>\n"
    }

    private var description: String {
        groups.map { group in
            "\(Self.escaped(group.label)): "
                + group.bars.map { "\(Self.escaped($0.name)) \($0.ratio.measured)×" }.joined(separator: ", ")
        }.joined(separator: "; ")
    }

    private var legend: String {
        let used = Kind.allCases.filter { kind in groups.contains { $0.bars.contains { $0.kind == kind } } }
        var text = ""
        var x = 16.0
        for kind in used {
            text += #"<rect class="\#(kind)" x="\#(x.short)" y="58" width="11" height="11" rx="2"/>"#
            text += #"<text x="\#((x + 16).short)" y="68">\#(Self.escaped(kind.rawValue))</text>"# + "\n"
            x += 34 + 6.2 * Double(kind.rawValue.count)
        }
        text += #"<line class="must" x1="\#(x.short)" y1="58" x2="\#(x.short)" y2="69"/>"#
        return text + #"<text x="\#((x + 7).short)" y="68">must</text>"# + "\n"
    }

    private func axis(height: Double) -> String {
        var text = ""
        var value = lowest
        let bottom = (Self.top + height).short
        while value <= highest * 1.001 {
            let x = position(value).short
            let kind = abs(value - 1) < 0.001 ? "one" : "grid"
            text += #"<line class="\#(kind)" x1="\#(x)" y1="\#((Self.top - 6).short)" x2="\#(x)" y2="\#(bottom)"/>"#
            text += #"<text class="muted" x="\#(x)" y="\#((Self.top - 11).short)" text-anchor="middle">"#
            text += "\(value.short)×</text>\n"
            value *= 2
        }
        return text
    }

    private func draw(_ bar: Bar, _ y: Double) -> String {
        let one = position(1)
        let end = position(bar.ratio)
        let height = Self.barHeight - 2
        var text = #"<rect class="\#(bar.kind)" x="\#(min(one, end).short)" y="\#(y.short)""#
        text += #" width="\#(max(1, abs(end - one)).short)" height="\#(height.short)" rx="2"/>"#
        var edge = max(one, end)
        if let must = bar.must {
            let x = position(must)
            text +=
                #"<line class="must" x1="\#(x.short)" y1="\#(y.short)" x2="\#(x.short)" y2="\#((y + height).short)"/>"#
            edge = max(edge, x)
        }
        text += #"<text class="muted" x="\#((edge + 6).short)" y="\#((y + 9.5).short)">"#
        return text + "\(bar.ratio.measured)× \(Self.escaped(bar.name))</text>\n"
    }

    private func position(_ ratio: Double) -> Double {
        let share = log2(ratio / lowest) / log2(highest / lowest)
        return Self.labels + share * (Self.width - Self.labels - Self.margin)
    }

    /// The highest power of two that is not above a value.
    private static func power(atMost value: Double) -> Double {
        var power = 1.0
        while power > value { power /= 2 }
        return power
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
