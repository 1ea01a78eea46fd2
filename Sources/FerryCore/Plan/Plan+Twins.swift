/// Two names that would be in one directory after a plan and that a file system may take for one.
public struct NameTwins: Sendable, Equatable {
    /// The directory's path, and the nearest one at or above it that the destination already has.
    public let directory: [UInt8]
    /// The nearest directory at or above it that the destination already has.
    public let existing: [UInt8]
    /// One name.
    public let first: [UInt8]
    /// The other.
    public let second: [UInt8]

    /// Makes twins.
    public init(directory: [UInt8], existing: [UInt8], first: [UInt8], second: [UInt8]) {
        self.directory = directory
        self.existing = existing
        self.first = first
        self.second = second
    }
}

extension Plan {
    /// Names that the plan brings and that would meet another one in the same directory.
    ///
    /// - Parameters:
    ///   - folding: What a file system merges.
    ///   - limit: How many are wanted at most.
    /// - Returns: The twins; mostly none.
    public func twins(under folding: NameFolding, limit: Int) -> [NameTwins] {
        var found: [NameTwins] = []
        guard !folding.isEmpty else { return [] }
        for group in groups where mayHaveTwins(group) {
            var names: [FoldedName: ArraySlice<UInt8>] = [:]
            names.reserveCapacity(group.steps.count)
            var gone: Set<EntryID> = []
            for step in steps[group.steps] where step.action == .delete {
                if let id = step.destination { gone.insert(id) }
            }
            func add(_ name: ArraySlice<UInt8>) {
                let key = folding.key(of: name)
                guard let other = names.updateValue(name, forKey: key), !other.elementsEqual(name) else { return }
                found.append(twins(Array(other), Array(name), in: group))
            }
            for child in group.destination.map({ destination.children(of: $0) }) ?? EntryRange(first: 0, count: 0)
            where !gone.contains(child) {
                names[folding.key(of: destination.name(of: child))] = destination.name(of: child)
            }
            for step in steps[group.steps] where Self.bringsName(step) {
                if let id = step.source { add(source.name(of: id)) }
                if found.count >= limit { return found }
            }
        }
        return found
    }

    /// Whether a group brings a name, and one of its names is not the plainest of its kind.
    ///
    /// Names of lower-case ASCII are what they are folded to, so two of them never meet.
    private func mayHaveTwins(_ group: PlanGroup) -> Bool {
        var brings = false
        var isPlain = true
        for step in steps[group.steps] where Self.bringsName(step) {
            brings = true
            if isPlain, let id = step.source { isPlain = NameFolding.isPlain(source.name(of: id)) }
        }
        guard brings, isPlain, let directory = group.destination else { return brings && !isPlain }
        return destination.children(of: directory).contains { !NameFolding.isPlain(destination.name(of: $0)) }
    }

    private static func bringsName(_ step: PlanStep) -> Bool { step.action == .create && step.destination == nil }

    private func twins(_ first: [UInt8], _ second: [UInt8], in group: PlanGroup) -> NameTwins {
        let directory =
            group.source.map { source.path(of: $0) } ?? group.destination.map { destination.path(of: $0) } ?? []
        var existing = directory
        while !existing.isEmpty, group.destination == nil {
            let id = destination.entry(at: RelativePath(unchecked: existing))
            if let id, destination[id].kind == .directory { break }
            existing = existing.lastIndex(of: RelativePath.separator).map { Array(existing[..<$0]) } ?? []
        }
        return NameTwins(directory: directory, existing: existing, first: first, second: second)
    }
}
