/// The measured rows as a section of a page: the circumstances, the table with the floor, the reasons, memory and calls.
struct ReadmeSection {
    private let rows: MeasuredRows
    private let notes: Notes

    /// - Parameters:
    ///   - rows: What was measured.
    ///   - notes: The reasons for rows below their goals.
    init(_ rows: MeasuredRows, notes: Notes) {
        self.rows = rows
        self.notes = notes
    }

    /// The section in Markdown.
    var markdown: String {
        let ratio =
            "the ratio is the peer's time by Ferry's in the same round, lowest and highest beside it; the floor is the same "
            + "work in raw system calls on all cores, without sorting, checks or state, with the ratio that it reaches itself"
        var parts = [
            Self.wrapped((Circumstances(rows).sentences + [ratio]).joined(separator: "; ") + "."),
            Self.table(
                ["work", "Ferry", "against", "ratio", "must", "met", "floor", "left between"],
                rows.all.filter { !$0.result.peers.isEmpty }.flatMap { Self.lines(of: $0.result) }),
        ]
        let reasons = rows.all.filter(\.result.isBelowMust).map { Self.wrapped(reason($0.result), indent: "  ") }
        if !reasons.isEmpty {
            parts.append("Below *must*:\n\n" + reasons.joined())
        }
        parts.append(
            Self.table(
                [
                    "work", "anonymous MiB", "must", "met", "resident MiB", "system calls an entry", "the floor's",
                    "peers' memory",
                ], rows.all.map(\.result).filter { $0.growthKind == nil }.map(Self.memoryLine)))
        let wires = rows.all.flatMap { Self.wireLines(of: $0.result) }
        if !wires.isEmpty {
            parts.append(
                Self.table(
                    ["work", "by", "commands in the sandbox", "round trips", "bytes there", "bytes back"], wires))
        }
        if let growth = Growth(rows).markdown { parts.append(growth) }
        if !rows.missing.isEmpty {
            let names = rows.missing.map { "`\($0)`" }.joined(separator: ", ")
            parts.append(Self.wrapped("Not measured: \(names)."))
        }
        if let closing = notes[Notes.closing] { parts.append(Self.wrapped(closing)) }
        return parts.joined(separator: "\n")
    }

    // MARK: - Times

    private static func lines(of row: RowResult) -> [[String]] {
        row.peers.enumerated().map { index, peer in
            let isFirst = index == 0
            let floorRatio = row.floorRatio(to: peer)
            let floorTime = isFirst ? row.floor?.time.map { $0.median.seconds + ", " } ?? "" : ""
            let floor = floorRatio.map { "\(floorTime)\($0.measured)×" } ?? (isFirst ? row.floor?.state ?? "–" : "")
            return [
                isFirst ? "\(row.title) (`\(row.id)`)" : "",
                isFirst ? row.ferry.map { $0.state ?? $0.time?.median.seconds ?? "" } ?? "" : "",
                "`\(peer.name)` " + (peer.state ?? peer.time?.median.seconds ?? ""),
                peer.ratio.map { "\($0.median.measured)× (\($0.low.measured)–\($0.high.measured))" } ?? "",
                peer.goal.map { "\($0.must.short)× (aim \($0.aim.short)×)" } ?? "",
                verdict(peer), floor, isFirst ? distance(row) : "",
            ]
        }
    }

    private static func verdict(_ peer: SubjectResult) -> String {
        guard let goal = peer.goal else { return "" }
        guard let ratio = peer.ratio else { return "not measured" }
        return ratio.median >= goal.aim ? "yes, aim too" : ratio.median >= goal.must ? "yes" : "no"
    }

    private static func distance(_ row: RowResult) -> String {
        guard let ferry = row.ferry?.time?.median, let floor = row.floor, let ratio = floor.ratio?.median,
            let time = floor.time?.median
        else { return "" }
        return "\((1 / ratio).measured)×, \(max(0, ferry - time).seconds)"
    }

    private func reason(_ row: RowResult) -> String {
        let missed = row.peers.filter { $0.goal != nil && $0.ratio != nil && verdictIsNo($0) }
        let beyond = missed.compactMap { peer -> String? in
            guard let goal = peer.goal, let reached = row.floorRatio(to: peer), reached < goal.must else { return nil }
            return "\(reached.measured)× against `\(peer.name)`"
        }
        let floor =
            beyond.isEmpty ? "" : " *Must* lies beyond the floor here, which reaches \(beyond.joined(separator: ", "))."
        return "- `\(row.id)`: \(notes[row.id] ?? "reason not found.")\(floor)"
    }

    private func verdictIsNo(_ peer: SubjectResult) -> Bool { Self.verdict(peer) == "no" }

    // MARK: - Memory and calls

    private static func memoryLine(of row: RowResult) -> [String] {
        let must = MemoryGoal.mustKiB(entries: row.tree.entries)
        let aim = MemoryGoal.aimKiB(entries: row.tree.entries)
        let memory = row.ferry?.peakAnonymousKiB
        let peers = row.peers.compactMap { peer -> String? in
            guard let own = peer.peakAnonymousKiB, let ratio = peer.memoryRatio else { return nil }
            let goal = peer.memoryGoal.map { ", must \($0.short)×: \(ratio >= $0 ? "yes" : "no")" } ?? ""
            return "`\(peer.name)` \(mebibytes(own)), \(ratio.short)×\(goal)"
        }
        return [
            "`\(row.id)`", memory.map(mebibytes) ?? row.ferry?.state ?? "", mebibytes(must),
            memory.map { $0 <= aim ? "yes, aim too" : $0 <= must ? "yes" : "no" } ?? "",
            row.ferry?.peakResidentKiB.map(mebibytes) ?? "", row.ferry?.systemCallsPerEntry?.fixed(2) ?? "",
            row.floor?.systemCallsPerEntry?.fixed(2) ?? "", peers.joined(separator: "; "),
        ]
    }

    private static func wireLines(of row: RowResult) -> [[String]] {
        row.subjects.compactMap { subject in
            subject.wire.map { wire in
                [
                    subject.name == Subject.ferryName ? "`\(row.id)`" : "", subject.name, wire.commands.grouped,
                    wire.roundTrips.grouped, wire.bytesThere.grouped, wire.bytesBack.grouped,
                ]
            }
        }
    }

    private static func mebibytes(_ kibibytes: Int) -> String { (Double(kibibytes) / 1024).fixed(1) }

    // MARK: - Text

    /// A table in Markdown; a bar in a cell is escaped.
    static func table(_ headings: [String], _ rows: [[String]]) -> String {
        let line = { (cells: [String]) in
            "| "
                + cells.map { $0.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }
                .joined(separator: " | ") + " |\n"
        }
        return line(headings) + "|" + headings.map { _ in "---|" }.joined() + "\n" + rows.map(line).joined()
    }

    /// Text in lines of at most 120 characters, all but the first one indented.
    static func wrapped(_ text: String, indent: String = "") -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !line.isEmpty, line.count + word.count + 1 > 120 {
                lines.append(line)
                line = indent + word
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        return (lines + [line]).map { $0 + "\n" }.joined()
    }
}

extension SubjectResult {
    /// Why there are no figures, in a word; nil when there are some.
    var state: String? {
        absent != nil ? "absent" : failure != nil ? "FAILED" : nil
    }
}

extension Double {
    /// Seconds with three digits that mean something.
    var seconds: String { fixed(self >= 9.995 ? 1 : self >= 0.9995 ? 2 : 3) + " s" }

    /// A measured ratio: two digits after the point, one from ten on.
    var measured: String { fixed(self >= 9.95 ? 1 : 2) }

    /// At most two digits after the point, none that is a trailing zero; three that mean something below a tenth.
    var short: String {
        var text = fixed(self >= 9.95 ? 1 : self >= 0.0995 || self == 0 ? 2 : 4)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }
}

extension Int {
    /// The number with a comma between each three digits.
    var grouped: String {
        var text = ""
        for (index, digit) in String(self).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3), digit != "-" { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}

extension String {
    /// The text with everything from one character to the next other one, both included, and the space before, replaced.
    func replacing(between start: Character, and end: Character, with replacement: String) -> String {
        guard let first = firstIndex(of: start), let last = self[first...].firstIndex(of: end) else { return self }
        var before = self[..<first]
        while before.last == " " { before.removeLast() }
        return before + replacement + self[index(after: last)...]
    }
}
