/// What applies inside one directory; immutable, and cheap to copy and to pass to other threads.
///
/// A scope does not look at ancestors: whoever walks a tree from the top never asks below an excluded directory.
public struct IgnoreScope: Sendable {
    /// One compiled list and the directory from which its patterns look.
    struct Layer: Sendable {
        let kind: IgnoreOrigin.Kind
        /// Where the part of a path begins that lies below the directory.
        let base: Int
        let index: IgnoreIndex
    }

    /// The lists that apply, the strongest first.
    private final class Node: Sendable {
        let layers: [Layer]
        /// The lists that are known by directory, for the children.
        let directories: [[UInt8]: [Layer]]

        init(layers: [Layer], directories: [[UInt8]: [Layer]]) {
            self.layers = layers
            self.directories = directories
        }
    }

    private let node: Node

    init(layers: [Layer], directories: [[UInt8]: [Layer]]) {
        node = Node(layers: layers, directories: directories)
    }

    /// Whether no pattern applies here.
    ///
    /// Says nothing about child directories that have a rule file of their own.
    public var isEmpty: Bool { node.layers.isEmpty }

    /// The scope of a child directory, with the rule files of that directory that the rules know.
    ///
    /// Without any it is this scope itself.
    ///
    /// - Parameter path: The path of the child directory from the root.
    /// - Returns: What applies inside the child directory.
    public func child(at path: some Collection<UInt8>) -> IgnoreScope {
        guard !node.directories.isEmpty, let known = node.directories[Array(path)] else { return self }
        return adding(known)
    }

    /// The scope of a child directory whose rule files were found just now.
    ///
    /// For a walk that discovers them; those that the rules know already count as well. Without any it is this scope.
    ///
    /// - Parameters:
    ///   - path: The path of the child directory from the root; empty for the root.
    ///   - files: The rule files, each with its kind.
    /// - Returns: What applies inside the child directory.
    public func child(
        at path: some Collection<UInt8>, adding files: [(kind: IgnoreOrigin.Kind, patterns: IgnorePatternList)]
    ) -> IgnoreScope {
        child(at: path).adding(files.compactMap { Layer($0.kind, directoryLength: path.count, $0.patterns) })
    }

    /// Whether an entry of this directory is excluded.
    ///
    /// The path is the whole path from the root, as patterns with slashes need it. Nothing is allocated.
    ///
    /// - Parameters:
    ///   - path: The path of the entry from the root.
    ///   - nameStart: Where its last component begins.
    ///   - isDirectory: Whether it is a directory, and not a link to one.
    /// - Returns: Whether it is left out; true also means that nothing below it is looked at.
    public func excludes(_ path: borrowing Span<UInt8>, nameStart: Int, isDirectory: Bool) -> Bool {
        // PERF: without holding on to the layers, whose count of holders all threads would write to.
        if node.layers.isEmpty { return false }
        for layer in node.layers {
            let rank = layer.index.rank(path, base: layer.base, nameStart: nameStart, isDirectory: isDirectory)
            if rank >= 0 { return rank & 1 == 0 }
        }
        return false
    }

    /// Whether an entry of this directory is excluded.
    ///
    /// - Parameters:
    ///   - path: The path of the entry from the root.
    ///   - isDirectory: Whether it is a directory, and not a link to one.
    /// - Returns: Whether it is left out; true also means that nothing below it is looked at.
    public func excludes(_ path: RelativePath, isDirectory: Bool) -> Bool {
        excludes(path.bytes.span, nameStart: path.name.startIndex, isDirectory: isDirectory)
    }

    /// Which pattern decides about an entry of this directory.
    ///
    /// - Parameters:
    ///   - path: The path of the entry from the root.
    ///   - isDirectory: Whether it is a directory, and not a link to one.
    /// - Returns: The verdict on the entry itself.
    public func verdict(for path: RelativePath, isDirectory: Bool) -> IgnoreVerdict {
        let span = path.bytes.span
        let nameStart = path.name.startIndex
        for layer in node.layers {
            let rank = layer.index.rank(span, base: layer.base, nameStart: nameStart, isDirectory: isDirectory)
            guard rank >= 0 else { continue }
            let pattern = layer.index.patterns[Int(rank / 2)]
            return rank & 1 == 0 ? .excluded(by: pattern) : .included(by: pattern)
        }
        return .undecided
    }

    private func adding(_ layers: [Layer]) -> IgnoreScope {
        if layers.isEmpty { return self }
        var all = node.layers
        for layer in layers {
            // In front of its own kind: a deeper file decides over a shallower one, a later list over an earlier one.
            all.insert(layer, at: all.firstIndex { $0.kind <= layer.kind } ?? all.endIndex)
        }
        return IgnoreScope(layers: all, directories: node.directories)
    }
}

extension IgnoreScope.Layer {
    /// Compiles a list; nil when it is empty.
    init?(_ kind: IgnoreOrigin.Kind, directoryLength: Int, _ list: IgnorePatternList) {
        if list.isEmpty { return nil }
        self.init(kind: kind, base: directoryLength == 0 ? 0 : directoryLength + 1, index: IgnoreIndex(list.patterns))
    }
}
