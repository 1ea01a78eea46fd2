/// One repository as a merge meets it: the steps about what must stay together.
struct GitUnit: Sendable {
    /// The step about the repository's directory.
    var step: Int
    /// The repository that it is a submodule of, as an index into the plan's units.
    var parent: Int?
    /// The directory in the sandbox; nil where the sandbox deleted it.
    var source: EntryID?
    /// The directory in the workspace; nil where the workspace deleted it.
    var destination: EntryID?
    /// The steps about the repository's state: `HEAD`, the index, branches, tags, logs and what is under way.
    var state: [Int] = []
    /// The indexes among them, its own and those of its worktrees.
    var indexes: [GitIndexStep] = []
    /// The steps about what goes where the state goes.
    var scratch: [Int] = []
    /// The steps about its objects.
    var objects: [Int] = []
    /// All other steps inside.
    var other: [Int] = []
    /// Whether the workspace has objects that the sandbox and the baseline do not.
    var hasOwnObjects = false
    /// Whether something of its state could not be read, so that nobody knows whether it changed.
    var hasUnknownState = false

    /// All steps inside.
    var allSteps: [Int] { state + scratch + objects + other }
}

/// The step about an index.
struct GitIndexStep: Sendable {
    /// The step.
    var step: Int
    /// The digest of what the agreed index said; empty when it is not known.
    var agreed: ArraySlice<UInt8>
}

/// An index that a plan came by.
public struct GitIndexFile: Sendable {
    /// The file in the source.
    public let source: EntryID
    /// Whether neither side touched it since both agreed on it.
    public let isUntouched: Bool
}

/// A repository that both sides changed: the workspace's state stays, and the sandbox's goes to the conflict store.
public struct GitConflict: Sendable {
    /// The repository's directory below the root.
    public let path: [UInt8]
    /// Whether the workspace still has it; if not, all that the sandbox has of it is stored.
    public let isInWorkspace: Bool
    /// The sandbox's objects that the workspace gets, in the source.
    public let addedObjects: [EntryID]
    /// The files of the sandbox's state, in the source.
    public let state: [EntryID]
}
