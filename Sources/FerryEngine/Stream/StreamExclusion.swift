import FerryCore

/// What of a stream is passed over: by the workspace's rules, never by anything in the stream.
struct StreamExclusion: Sendable {
    private var walk: IgnoreWalk
    private let selection: FileSelection?

    init(rules: IgnoreRules, selection: FileSelection?) {
        walk = IgnoreWalk(rules)
        self.selection = selection
    }

    mutating func excludes(_ path: RelativePath, isDirectory: Bool) -> Bool {
        if isReserved(path.bytes) { return true }
        if !isDirectory, GitNames.isLock(path.bytes, nameStart: path.bytes.count - path.name.count) { return true }
        if let selection, !isSelected(path, isDirectory: isDirectory, selection) { return true }
        return walk.excludes(path, isDirectory: isDirectory)
    }

    /// Whether a component is one of Ferry's own names.
    ///
    /// They all begin with a dot, which few do.
    private func isReserved(_ path: [UInt8]) -> Bool {
        var start = 0
        for index in path.indices.dropLast() where index == 0 || path[index] == RelativePath.separator {
            start = index == 0 ? 0 : index + 1
            guard path[start] == UInt8(ascii: ".") else { continue }
            let end = path[start...].firstIndex(of: RelativePath.separator) ?? path.endIndex
            if ReservedNames.isReserved(Array(path[..<end]), nameStart: start) { return true }
        }
        return false
    }

    private func isSelected(_ path: RelativePath, isDirectory: Bool, _ selection: FileSelection) -> Bool {
        var current: RelativePath? = path
        while let next = current {
            if case .whole = selection.extent(of: next.bytes) { return true }
            current = next.parent
        }
        if case .asAncestor = selection.extent(of: path.bytes) { return isDirectory }
        return false
    }
}
