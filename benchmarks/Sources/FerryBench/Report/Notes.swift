/// The reasons why rows miss their goals, from a file in Markdown: a heading of the second level for each row's id.
///
/// What the file holds outlives each regeneration of the table that shows it.
struct Notes {
    /// The heading of what stands below the tables whatever was measured.
    static let closing = "below the tables"

    private var texts: [String: String] = [:]

    /// Takes no notes.
    init() {}

    /// Reads a file's text.
    init(markdown: String) {
        var key: String?
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") {
                key = String(line.dropFirst(3).filter { $0 != "`" })
            } else if let key, !line.isEmpty {
                texts[key] = (texts[key].map { $0 + " " } ?? "") + line
            }
        }
    }

    subscript(key: String) -> String? { texts[key] }
}
