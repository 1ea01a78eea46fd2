import ArgumentParser

/// Where what was measured is to be shown; shared by `run` and `report`.
struct PublishOptions: ParsableArguments {
    @Option(help: "Rewrite what stands between the comments benchmark:begin and benchmark:end of this page.")
    var readme: String?

    @Option(help: "The reasons for rows below their goals: Markdown, a heading for each row.")
    var notes = "benchmarks/Notes/rows.md"

    @Option(
        help: "Draw the ratios into this SVG file; with --readme, benchmarks/plot.svg beside the page if not given.")
    var plot: String?

    /// Writes what was asked for.
    ///
    /// - Parameter reports: What was measured; of a row measured twice, the later report's figures are shown.
    /// - Throws: When a file cannot be read or written, or the page has no place for the table.
    func publish(_ reports: [Report]) throws {
        let rows = MeasuredRows(reports)
        let plot = plot ?? readme.map { Self.folder(of: $0) + "benchmarks/plot.svg" }
        if let readme {
            let section = ReadmeSection(
                rows, notes: Files.exists(notes) ? Notes(markdown: try Files.read(notes)) : Notes())
            let folder = Self.folder(of: readme)
            let address = plot.map { $0.hasPrefix(folder) ? String($0.dropFirst(folder.count)) : $0 } ?? ""
            let page = try MarkedSection(name: "benchmark").replace(
                with: "![The ratios as bars](\(address))\n\n" + section.markdown, in: try Files.read(readme))
            try Files.write(page, to: readme)
        }
        if let plot {
            if let slash = plot.lastIndex(of: "/"), slash != plot.startIndex {
                try Files.makeDirectory(String(plot[..<slash]))
            }
            try Files.write(Plot(rows).svg, to: plot)
        }
    }

    /// What stands before a file's name, with the slash.
    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}
