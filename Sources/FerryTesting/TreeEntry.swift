public import FerryCore

/// One entry of a ``Tree``: what it is, its permission bits and its time.
public struct TreeEntry: Sendable, Hashable {
    /// What an entry is, with its content.
    public enum Kind: Sendable, Hashable {
        /// A regular file. With holes, every aligned block of 4,096 zeros is left out when it is written.
        case file([UInt8], hasHoles: Bool)
        /// A directory.
        case directory
        /// A symbolic link with its target's bytes.
        case link([UInt8])
        /// Another name of the file at a path of the same tree.
        case hardLink(RelativePath)
        /// A named pipe.
        case fifo
        /// Anything else; it is only ever read.
        case other
    }

    /// What the entry is.
    public var kind: Kind
    /// The nine permission bits; nil: whatever comes out, and never compared.
    public var mode: UInt16?
    /// The time of the last change of content; nil: now, and never compared.
    public var mtime: Timestamp?

    /// Makes an entry.
    public init(_ kind: Kind, mode: UInt16? = nil, mtime: Timestamp? = nil) {
        self.kind = kind
        self.mode = mode
        self.mtime = mtime
    }

    /// The content of a file; nil for other kinds.
    public var content: [UInt8]? {
        if case .file(let content, _) = kind { return content }
        return nil
    }

    /// Whether the entry is a directory.
    public var isDirectory: Bool { kind == .directory }
}

/// What a tree literal has at a path: an entry and, for a directory, what is inside it.
public struct TreeNode: Sendable {
    let entry: TreeEntry
    let children: Tree

    private init(_ entry: TreeEntry, children: Tree = Tree()) {
        self.entry = entry
        self.children = children
    }

    /// A file of text.
    public static func file(_ text: String = "", mode: UInt16? = nil, mtime: Timestamp? = nil) -> TreeNode {
        file(bytes: Array(text.utf8), mode: mode, mtime: mtime)
    }

    /// A file of bytes.
    public static func file(
        bytes: [UInt8], hasHoles: Bool = false, mode: UInt16? = nil, mtime: Timestamp? = nil
    ) -> TreeNode {
        TreeNode(TreeEntry(.file(bytes, hasHoles: hasHoles), mode: mode, mtime: mtime))
    }

    /// A directory.
    public static func directory(_ children: Tree = Tree(), mode: UInt16? = nil, mtime: Timestamp? = nil) -> TreeNode {
        TreeNode(TreeEntry(.directory, mode: mode, mtime: mtime), children: children)
    }

    /// A symbolic link.
    public static func link(_ target: String, mtime: Timestamp? = nil) -> TreeNode {
        TreeNode(TreeEntry(.link(Array(target.utf8)), mtime: mtime))
    }

    /// Another name of a file of the same tree.
    public static func hardLink(_ target: TreePath) -> TreeNode {
        TreeNode(TreeEntry(.hardLink(target.path)))
    }

    /// A named pipe.
    public static func fifo(mode: UInt16? = nil) -> TreeNode {
        TreeNode(TreeEntry(.fifo, mode: mode))
    }
}

/// A path in a tree literal: `"src/main.c"`.
public struct TreePath: ExpressibleByStringLiteral, Hashable, Sendable {
    /// The path.
    public let path: RelativePath

    /// Checks a literal; one that is not a relative path is a mistake in the test and stops it.
    public init(stringLiteral value: String) { self.init(Array(value.utf8)) }

    /// Checks bytes, which need not be UTF-8.
    public init(_ bytes: [UInt8]) {
        guard let path = try? RelativePath(validating: bytes) else {
            preconditionFailure("not a relative path: \(displayName(of: bytes))")
        }
        self.path = path
    }
}
