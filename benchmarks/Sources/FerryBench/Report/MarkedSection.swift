/// A part of a page between two comments, which a program writes and a person leaves alone.
struct MarkedSection {
    let name: String

    private var begin: String { "<!-- \(name):begin -->" }
    private var end: String { "<!-- \(name):end -->" }

    /// The page with new text between the comments.
    ///
    /// - Parameters:
    ///   - text: What is to stand there.
    ///   - page: The whole page.
    /// - Returns: The whole page, with nothing else changed.
    /// - Throws: When the comments are not there, once each and in their order.
    func replace(with text: String, in page: String) throws -> String {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let begins = lines.indices.filter { lines[$0] == begin }
        let ends = lines.indices.filter { lines[$0] == end }
        guard begins.count == 1, ends.count == 1, let first = begins.first, let last = ends.first, first < last else {
            throw BenchError("the page needs the lines \(begin) and \(end), once each and in this order")
        }
        return (lines[...first].map(String.init) + [Self.withoutLastBreak(text)] + lines[last...].map(String.init))
            .joined(separator: "\n")
    }

    private static func withoutLastBreak(_ text: String) -> String {
        text.last == "\n" ? String(text.dropLast()) : text
    }
}
