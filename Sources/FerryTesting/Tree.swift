public import FerryCore

/// A directory tree as a value, to be written to disk and compared with what is there.
///
/// ```swift
/// let tree: Tree = [
///     "README": .file("hello", mode: 0o644),
///     "src": .directory(["main.c": .file("int x;")], mode: 0o755),
///     "latest": .link("src/main.c"),
/// ]
/// try tree.write(into: directory.path)
/// #expect(try Tree(reading: other.path).differences(from: tree).isEmpty)
/// ```
///
/// Directories that are only implied by the paths below them need not be named. Of a file with several names, the first in
/// the order of paths is the file and the others are links to it.
public struct Tree: Sendable, ExpressibleByDictionaryLiteral {
    /// All entries by their paths; every directory above an entry is there.
    public private(set) var entries: [RelativePath: TreeEntry] = [:]

    /// Makes an empty tree.
    public init() {}

    /// Makes a tree of a literal.
    public init(dictionaryLiteral elements: (TreePath, TreeNode)...) {
        for (path, node) in elements { insert(node, at: path.path) }
        normaliseHardLinks()
    }

    /// Makes a tree of entries.
    public init(_ entries: [RelativePath: TreeEntry]) {
        for (path, entry) in entries { self[path] = entry }
        normaliseHardLinks()
    }

    /// The paths of all entries, each directory before what is inside it.
    public var paths: [RelativePath] { entries.keys.sorted() }

    /// The entry at a path.
    ///
    /// Removing a directory removes all below it; a new entry brings the directories above it.
    public subscript(path: RelativePath) -> TreeEntry? {
        get { entries[path] }
        set {
            guard let newValue else {
                entries = entries.filter { !$0.key.isSameOrBelow(path) }
                return
            }
            entries[path] = newValue
            var parent = path.parent
            while let next = parent, entries[next] == nil {
                entries[next] = TreeEntry(.directory)
                parent = next.parent
            }
        }
    }

    /// The entry at a path.
    public subscript(path: TreePath) -> TreeEntry? {
        get { self[path.path] }
        set { self[path.path] = newValue }
    }

    /// The same tree without the entries that a test does not take, and without all below those.
    public func filter(_ isIncluded: (RelativePath, TreeEntry) -> Bool) -> Tree {
        var result = self
        for (path, entry) in entries where !isIncluded(path, entry) { result[path] = nil }
        result.normaliseHardLinks()
        return result
    }

    private mutating func insert(_ node: TreeNode, at path: RelativePath) {
        self[path] = node.entry
        for (child, entry) in node.children.entries {
            guard let below = try? RelativePath(validating: path.bytes + [RelativePath.separator] + child.bytes) else {
                preconditionFailure("two valid paths make a valid one")
            }
            if case .hardLink(let target) = entry.kind {
                // A link in a nested literal names a path of that literal.
                let moved = TreePath(path.bytes + [RelativePath.separator] + target.bytes).path
                self[below] = TreeEntry(.hardLink(node.children.entries[target] == nil ? target : moved))
            } else {
                self[below] = entry
            }
        }
    }

    /// Makes the first name of each file the file; a link to nothing stays what it is and fails when it is written.
    mutating func normaliseHardLinks() {
        var groups: [RelativePath: [RelativePath]] = [:]
        for (path, entry) in entries {
            if case .hardLink(let target) = entry.kind { groups[original(of: target), default: []].append(path) }
        }
        for (original, links) in groups {
            guard let file = entries[original], case .file = file.kind else { continue }
            let names = ([original] + links).sorted()
            for (index, name) in names.enumerated() {
                entries[name] = index == 0 ? file : TreeEntry(.hardLink(names[0]))
            }
        }
    }

    private func original(of path: RelativePath) -> RelativePath {
        var current = path
        for _ in 0..<entries.count {
            guard case .hardLink(let next)? = entries[current]?.kind else { break }
            current = next
        }
        return current
    }
}
