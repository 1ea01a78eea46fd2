/// The paths of a `--files-from` list: what is not listed counts as excluded, a listed directory means all its content.
public struct FileSelection: Sendable {
    private var listed: Set<[UInt8]> = []
    private var ancestors: Set<[UInt8]> = []

    /// Makes a selection.
    ///
    /// - Parameter paths: The listed paths.
    public init(_ paths: some Sequence<RelativePath>) {
        for path in paths {
            listed.insert(path.bytes)
            var parent = path.parent
            while let next = parent, ancestors.insert(next.bytes).inserted { parent = next.parent }
        }
    }

    /// How much of an entry is selected.
    public enum Extent: Sendable {
        /// Nothing of it.
        case none
        /// The directory itself, because something below it is.
        case asAncestor
        /// It and all below it.
        case whole
    }

    /// How much of the entry at a path is selected, given that its parent is selected as an ancestor only.
    public func extent(of path: [UInt8]) -> Extent {
        if listed.contains(path) { return .whole }
        return ancestors.contains(path) ? .asAncestor : .none
    }
}
