public import FerryCore

/// What of two trees is compared.
public struct TreeAspects: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Wraps bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Permission bits.
    public static let modes = TreeAspects(rawValue: 1 << 0)
    /// The times of files and links.
    public static let times = TreeAspects(rawValue: 1 << 1)
    /// The times of directories.
    public static let directoryTimes = TreeAspects(rawValue: 1 << 2)
    /// Which names belong to one file.
    public static let hardLinks = TreeAspects(rawValue: 1 << 3)
    /// That a file that should have holes has some.
    public static let holes = TreeAspects(rawValue: 1 << 4)

    /// Everything but holes, which depend on the file system.
    public static let standard: TreeAspects = [.modes, .times, .directoryTimes, .hardLinks]
    /// Kinds, content and targets only.
    public static let content: TreeAspects = []
}

/// How one tree is not what another says.
public struct TreeDifferences: Sendable {
    /// Paths that should be there and are not.
    public internal(set) var missing: [RelativePath] = []
    /// Paths that should not be there.
    public internal(set) var extra: [RelativePath] = []
    /// Paths that are there and differ, with what differs.
    public internal(set) var different: [(path: RelativePath, reasons: [String])] = []

    /// Whether the trees are the same.
    public var isEmpty: Bool { missing.isEmpty && extra.isEmpty && different.isEmpty }
}

extension TreeDifferences: CustomStringConvertible {
    /// One line a path.
    public var description: String {
        let lines =
            missing.map { "missing: \($0)" } + extra.map { "extra: \($0)" }
            + different.map { "different: \($0.path): \($0.reasons.joined(separator: ", "))" }
        return lines.isEmpty ? "no differences" : lines.joined(separator: "\n")
    }
}

extension Tree {
    /// Compares this tree, mostly one that was read, with what it should be.
    ///
    /// - Parameters:
    ///   - expected: What it should be; what is nil there is not compared.
    ///   - aspects: What is compared beside kinds and content.
    /// - Returns: The differences.
    public func differences(from expected: Tree, aspects: TreeAspects = .standard) -> TreeDifferences {
        var result = TreeDifferences()
        result.extra = entries.keys.filter { expected.entries[$0] == nil }.sorted()
        for (path, wanted) in expected.entries.sorted(by: { $0.key < $1.key }) {
            guard let found = entries[path] else {
                result.missing.append(path)
                continue
            }
            let reasons = reasons(found, wanted, in: expected, aspects)
            if !reasons.isEmpty { result.different.append((path, reasons)) }
        }
        return result
    }

    private func reasons(
        _ found: TreeEntry, _ wanted: TreeEntry, in expected: Tree, _ aspects: TreeAspects
    ) -> [String] {
        var reasons: [String] = []
        if aspects.contains(.hardLinks) {
            if case .hardLink = wanted.kind {
                return found.kind == wanted.kind ? [] : ["\(found.summary) and not \(wanted.summary)"]
            }
            if case .hardLink = found.kind { return ["\(found.summary) and not \(wanted.summary)"] }
        }
        // Without links, every name stands for the content of its file.
        let (left, right) = (resolved(found), expected.resolved(wanted))
        switch (left.kind, right.kind) {
        case (.file(let content, let hasHoles), .file(let other, let wantsHoles)):
            if content != other { reasons.append(Tree.contentDifference(content, other)) }
            if aspects.contains(.holes), wantsHoles, !hasHoles { reasons.append("no holes") }
        default:
            if left.kind != right.kind { reasons.append("\(left.summary) and not \(right.summary)") }
        }
        if case .link = right.kind {
        } else if aspects.contains(.modes), let mode = right.mode, left.mode != mode {
            reasons.append("mode \(octal(left.mode)) and not \(octal(mode))")
        }
        let comparesTime = aspects.contains(right.isDirectory ? .directoryTimes : .times)
        if comparesTime, let mtime = right.mtime, left.mtime != mtime {
            reasons.append("time \(describe(left.mtime)) and not \(describe(mtime))")
        }
        return reasons
    }

    private func resolved(_ entry: TreeEntry) -> TreeEntry {
        if case .hardLink(let target) = entry.kind, let file = entries[target] { return file }
        return entry
    }

    private static func contentDifference(_ content: [UInt8], _ other: [UInt8]) -> String {
        if content.count != other.count { return "\(content.count) bytes and not \(other.count)" }
        let offset = zip(content, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        return "content differs at byte \(offset)"
    }
}

extension TreeEntry {
    /// What the entry is, in a few words.
    var summary: String {
        switch kind {
        case .file(let content, _): "a file of \(content.count) bytes"
        case .directory: "a directory"
        case .link(let target): "a link to '\(displayName(of: target))'"
        case .hardLink(let target): "another name of '\(target)'"
        case .fifo: "a fifo"
        case .other: "something else"
        }
    }
}

private func octal(_ mode: UInt16?) -> String {
    mode.map { "0" + String($0, radix: 8) } ?? "unknown"
}

private func describe(_ time: Timestamp?) -> String {
    guard let time else { return "unknown" }
    let digits = String(time.nanoseconds)
    return "\(time.seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
}
