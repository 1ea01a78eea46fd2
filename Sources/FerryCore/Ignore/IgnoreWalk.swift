/// Answers for many paths in tree order whether the rules exclude them, with regard to the directories above them.
///
/// For listings and archives, which come as flat sequences of paths. Any order is right; one in which a directory's content
/// is together is fast, because what was found out about a directory is kept until the sequence leaves it.
public struct IgnoreWalk: Sendable {
    /// A directory above the path asked for last.
    private struct Level {
        /// The length of the directory's path.
        let length: Int
        /// What applies inside it; nil when it is excluded.
        let scope: IgnoreScope?
    }

    private let root: IgnoreScope
    private var levels: [Level] = []
    private var previous: [UInt8] = []

    /// Begins at the root.
    public init(_ rules: IgnoreRules) {
        root = rules.rootScope()
    }

    /// Whether the path or a directory above it is excluded.
    ///
    /// - Parameters:
    ///   - path: The path from the root.
    ///   - isDirectory: Whether it is a directory, and not a link to one.
    /// - Returns: Whether it is left out.
    public mutating func excludes(_ path: RelativePath, isDirectory: Bool) -> Bool {
        let bytes = path.bytes
        leaveDirectories(notAbove: bytes)
        if let level = levels.indices.last, isName(bytes.span, from: levels[level].length + 1) {
            // The usual case, the next entry of the same directory: nothing is copied.
            previous = bytes
            return levels[level].scope?.excludes(
                bytes.span, nameStart: levels[level].length + 1, isDirectory: isDirectory) ?? true
        }
        var nameStart = levels.last.map { $0.length + 1 } ?? 0
        var scope = levels.last.map(\.scope) ?? root
        var end = nameStart
        while let current = scope, end < bytes.count {
            if bytes[end] == RelativePath.separator {
                let directory = bytes[..<end]
                let isExcluded = current.excludes(directory.span, nameStart: nameStart, isDirectory: true)
                scope = isExcluded ? nil : current.child(at: directory)
                levels.append(Level(length: end, scope: scope))
                nameStart = end + 1
            }
            end += 1
        }
        previous = bytes
        return scope?.excludes(bytes.span, nameStart: nameStart, isDirectory: isDirectory) ?? true
    }

    /// Whether no directory ends behind a position.
    private func isName(_ path: Span<UInt8>, from start: Int) -> Bool {
        for index in start..<max(start, path.count) where path[index] == RelativePath.separator { return false }
        return true
    }

    private mutating func leaveDirectories(notAbove path: [UInt8]) {
        guard let deepest = levels.last else { return }
        var shared = 0
        let limit = min(deepest.length, path.count)
        while shared < limit, previous[shared] == path[shared] { shared += 1 }
        while let level = levels.last,
            level.length > shared || level.length >= path.count || path[level.length] != RelativePath.separator
        {
            levels.removeLast()
        }
    }
}
