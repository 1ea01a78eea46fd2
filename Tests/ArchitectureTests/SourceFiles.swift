import Foundation

/// The Swift files of the project.
struct SourceFile: Sendable {
    /// The path below the project's root.
    let path: String
    let lines: [Substring]

    /// The module that the file belongs to; empty outside `Sources`.
    var module: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : ""
    }

    /// The modules that the file imports.
    var imports: Set<String> {
        let importLine =
            /\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|func)\s+)?(\w+).*/
        return Set(lines.compactMap { $0.wholeMatch(of: importLine).map { String($0.output.1) } })
    }

    /// The lines without what follows `//` and without what is between quotes.
    var code: [(number: Int, text: String)] {
        lines.enumerated().map { number, line in
            var text = String(line).replacing(/"([^"\\]|\\.)*"/, with: "\"\"")
            if let comment = text.firstRange(of: "//") { text = String(text[..<comment.lowerBound]) }
            return (number + 1, text)
        }
    }

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// All Swift files below some folders of the project.
    static func all(in folders: [String]) -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
            return (names?.compactMap { $0 as? String } ?? [])
                .filter { $0.hasSuffix(".swift") && !$0.contains(".build/") }
                .sorted()
                .compactMap { name in
                    let path = folder + "/" + name
                    guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else {
                        return nil
                    }
                    let text = String(decoding: data, as: UTF8.self)
                    return SourceFile(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
                }
        }
    }
}
