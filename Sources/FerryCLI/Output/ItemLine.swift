import FerryCore
import FerryEngine

/// The line of one entry in the form of rsync's `--itemize-changes`.
///
/// `YXcstpoguax NAME`: `Y` is `>` for content that is moved, `c` for something made in place, `h` for another name of a file,
/// `.` for attributes only; `X` is `f`, `d` or `L`; then come the content, size, time and permissions, each its letter where
/// it differs and `.` where it does not, or eleven times `+` in all for something new. What a sync does that rsync does not
/// have begins with `*`, as `*deleting` does there.
enum ItemLine {
    /// The line of an entry.
    static func itemized(_ item: SyncItem) -> String {
        var line = flags(item) + " " + name(item)
        if let target = item.linkTarget, item.action != .delete { line += " -> " + displayName(of: target) }
        if let first = item.hardLinkTarget { line += " => " + displayName(of: first) }
        if let reason = reason(item) { line += " (\(reason))" }
        return line
    }

    /// The line of an entry for `--verbose`.
    static func verbose(_ item: SyncItem) -> String {
        var line = item.action == .delete ? "deleting " : ""
        line += name(item)
        if let target = item.linkTarget, item.action != .delete { line += " -> " + displayName(of: target) }
        if let first = item.hardLinkTarget { line += " => " + displayName(of: first) }
        return line
    }

    /// Why an entry is left as it is; nil when it is not.
    static func reason(_ item: SyncItem) -> String? {
        switch item.action {
        case .conflict: item.conflictReason?.sentence ?? "both sides have it and differ"
        case .held: item.heldReason?.sentence ?? "it needs a review"
        case .blocked: "it stays as it is: the warning says why"
        default: nil
        }
    }

    /// The entry's name for people, a directory's with a slash behind it.
    static func name(_ item: SyncItem) -> String {
        displayName(of: item.path) + (item.kind == .directory ? "/" : "")
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func flags(_ item: SyncItem) -> String {
        let kind =
            switch item.kind {
            case .directory: "d"
            case .symlink: "L"
            default: "f"
            }
        switch item.action {
        case .create, .changeKind: return updateType(item) + kind + "+++++++++"
        case .update: return updateType(item) + kind + attributes(item.changes)
        case .changeMode: return "." + kind + attributes(item.changes.intersection([.mode]))
        case .delete: return "*deleting  "
        case .conflict: return "*conflict  "
        case .held: return "*held      "
        case .blocked: return "*blocked   "
        case .descend, .compare, .unchanged, .withheld: return "." + kind + "         "
        }
    }

    private static func updateType(_ item: SyncItem) -> String {
        if item.hardLinkTarget != nil { return "h" }
        return item.kind == .file ? ">" : "c"
    }

    private static func attributes(_ changes: EntryChanges) -> String {
        let content = changes.contains(.content) ? "c" : "."
        let size = changes.contains(.size) ? "s" : "."
        let time = changes.contains(.time) ? "t" : "."
        let mode = changes.contains(.mode) ? "p" : "."
        return content + size + time + mode + "....."
    }
}
