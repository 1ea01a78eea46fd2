public import FerryCore

/// An entry that is not the same in a workspace and in a sandbox.
public struct TreeDifference: Sendable {
    /// What is not the same.
    public enum Sort: String, Sendable, CaseIterable {
        /// The sandbox does not have it.
        case onlyInWorkspace = "only-in-workspace"
        /// The workspace does not have it.
        case onlyInSandbox = "only-in-sandbox"
        /// One has a file where the other has a directory or a link.
        case kind
        /// The content of a file, or the target of a link, perhaps the permission bits too.
        case content
        /// Only the permission bits.
        case mode
    }

    /// What one side has.
    public struct Side: Sendable, Equatable {
        /// What the entry is.
        public let kind: EntryKind
        /// Its nine permission bits.
        public let mode: UInt16
        /// The size of a file.
        public let size: Int64
    }

    /// What is not the same.
    public let sort: Sort
    /// The path below both roots.
    public let path: [UInt8]
    /// What the workspace has.
    public let workspace: Side?
    /// What the sandbox has.
    public let sandbox: Side?
    /// The way from the workspace's version to the sandbox's as `patch` and `git apply` read it; empty where it was not asked for.
    public internal(set) var patch: [UInt8] = []
}

/// What a comparison found in all.
public struct ComparisonReport: Sendable {
    /// The number of entries that are not the same.
    public var differences = 0
    /// The number of entries in the workspace.
    public var workspaceEntries = 0
    /// The number of entries in the sandbox.
    public var sandboxEntries = 0
    /// What could not be read, so that nothing is known of it, and what an interrupted sync left.
    public var problems: [Problem] = []
    /// How long it took.
    public var duration: Duration = .zero

    /// Whether everything was read.
    public var isComplete: Bool { !problems.contains { [.unreadable, .unstable].contains($0.code) } }
}
