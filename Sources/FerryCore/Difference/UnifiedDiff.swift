/// The changes between two texts, as `patch` reads them: hunks with three lines around each change.
public struct UnifiedDiff {
    private static let context = 3

    private let old: [ArraySlice<UInt8>]
    private let new: [ArraySlice<UInt8>]
    private var result: [UInt8] = []

    /// Lines of both texts that belong together.
    private struct Hunk {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// The hunks that make one text another.
    ///
    /// - Parameters:
    ///   - old: The old text.
    ///   - new: The new text.
    /// - Returns: The hunks, each with its `@@` line; nothing where the texts are equal.
    public static func hunks(from old: [UInt8], to new: [UInt8]) -> [UInt8] {
        guard old != new else { return [] }
        var diff = UnifiedDiff(old: lines(of: old), new: lines(of: new))
        diff.run()
        return diff.result
    }

    /// Whether content is not text: it holds a NUL in its first part, which is how git tells.
    public static func isBinary(_ content: [UInt8]) -> Bool { content.prefix(8_000).contains(0) }

    private init(old: [ArraySlice<UInt8>], new: [ArraySlice<UInt8>]) {
        self.old = old
        self.new = new
    }

    /// The lines with their line feeds: the last one may have none.
    private static func lines(of text: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for index in text.indices where text[index] == UInt8(ascii: "\n") {
            lines.append(text[start...index])
            start = index + 1
        }
        if start < text.count { lines.append(text[start...]) }
        return lines
    }

    private mutating func run() {
        let difference = DiffLines(old, new)
        var changes: [Hunk] = []
        var (x, y) = (0, 0)
        while x < old.count || y < new.count {
            let start = (x, y)
            while x < old.count, difference.deleted[x] { x += 1 }
            while y < new.count, difference.inserted[y] { y += 1 }
            if start == (x, y) {
                x += 1
                y += 1
                continue
            }
            changes.append(Hunk(old: start.0..<x, new: start.1..<y))
        }
        var first = 0
        while first < changes.count {
            var last = first
            while last + 1 < changes.count,
                changes[last + 1].old.lowerBound - changes[last].old.upperBound <= 2 * Self.context
            {
                last += 1
            }
            write(changes[first...last])
            first = last + 1
        }
    }

    private mutating func write(_ changes: ArraySlice<Hunk>) {
        guard let first = changes.first, let last = changes.last else { return }
        let before = min(Self.context, first.old.lowerBound)
        let after = min(Self.context, old.count - last.old.upperBound)
        let whole = Hunk(
            old: (first.old.lowerBound - before)..<(last.old.upperBound + after),
            new: (first.new.lowerBound - before)..<(last.new.upperBound + after))
        result += Array("@@ -\(Self.text(whole.old)) +\(Self.text(whole.new)) @@\n".utf8)
        var position = whole.old.lowerBound
        for change in changes {
            add(old[position..<change.old.lowerBound], " ")
            add(old[change.old], "-")
            add(new[change.new], "+")
            position = change.old.upperBound
        }
        add(old[position..<whole.old.upperBound], " ")
    }

    private mutating func add(_ lines: ArraySlice<ArraySlice<UInt8>>, _ mark: Unicode.Scalar) {
        for line in lines {
            result.append(UInt8(ascii: mark))
            result += line
            if line.last != UInt8(ascii: "\n") { result += Array("\n\\ No newline at end of file\n".utf8) }
        }
    }

    /// The first line and the number of lines; the line before them where there are none.
    private static func text(_ lines: Range<Int>) -> String {
        let first = lines.isEmpty ? lines.lowerBound : lines.lowerBound + 1
        return lines.count == 1 ? "\(first)" : "\(first),\(lines.count)"
    }
}
