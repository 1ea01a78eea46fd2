import FerryCore

/// One of the trees that a listing is divided into.
struct RemoteListingPart: Sendable {
    /// Where it lies below the root; empty: the root itself, less the other parts.
    var place: [UInt8] = []
    /// What of it is looked at.
    var options = RemoteListingOptions()
}

/// What a listing is to tell of several trees, and of what leads to them.
struct RemoteListingRequest: Sendable {
    var parts: [RemoteListingPart]
    /// The ground they stand on.
    let ground: PartGround

    init(_ parts: [RemoteListingPart]) {
        self.parts = parts
        ground = PartGround(parts.map(\.place))
    }

    /// Everything as one tree.
    init(whole options: RemoteListingOptions) { self.init([RemoteListingPart(options: options)]) }

    /// How much is taken.
    var limits: RemoteLimits { parts.first?.options.limits ?? RemoteLimits() }
}

/// What a sandbox's directory holds, tree by tree.
struct RemoteListings: Sendable {
    /// The trees, in the order in which they were asked for.
    var parts: [RemoteListing]
    /// What is where the ground of the trees is to be; nothing for what is missing.
    var ground: [[UInt8]: ListedStatus] = [:]

    /// Of an empty directory, or of none.
    static func empty(_ count: Int) -> RemoteListings {
        RemoteListings(parts: Array(repeating: .empty, count: count))
    }

    /// The first tree.
    var first: RemoteListing { parts.first ?? .empty }
}

/// Divides a listing into trees while it comes.
struct RemoteListingsReader {
    private let request: RemoteListingRequest
    private let isPartial: Bool
    private var readers: [RemoteListingReader]
    private var wasSeen: [Bool]
    private var ground: [[UInt8]: ListedStatus] = [:]
    /// The tree that has what is in no other.
    private let rest: Int?
    private let isDivided: Bool

    init(_ request: RemoteListingRequest, isPartial: Bool) {
        self.request = request
        self.isPartial = isPartial
        readers = request.parts.map { RemoteListingReader($0.options, isPartial: isPartial) }
        wasSeen = request.parts.map { _ in false }
        rest = request.parts.firstIndex { $0.place.isEmpty }
        isDivided = request.parts.contains { !$0.place.isEmpty }
    }

    /// Takes one entry; see ``RemoteListingReader/add(_:_:target:)``.
    mutating func add(_ path: ArraySlice<UInt8>, _ listed: ListedStatus, target: ArraySlice<UInt8>)
        throws(RefusedListing)
    {
        guard isDivided else {
            wasSeen[0] = true
            return try readers[0].add(path, listed, target: target)
        }
        if let index = part(of: path) {
            let place = request.parts[index].place
            let inner = Self.inner(path, below: place)
            if inner.count == 1 {
                ground[place] = listed
                guard listed.status.kind == .directory else { return }
            }
            wasSeen[index] = true
            return try readers[index].add(inner, listed, target: target)
        }
        if let place = groundPlace(of: path) { ground[place] = listed }
        guard let rest else { return }
        wasSeen[rest] = true
        try readers[rest].add(path, listed, target: target)
    }

    /// Takes one entry of a walk.
    ///
    /// - Parameters:
    ///   - path: Where it is; nil: the root itself.
    ///   - listed: What is said of it.
    ///   - target: A link's target.
    /// - Throws: ``RefusedListing``.
    mutating func add(
        walked path: RelativePath?, _ listed: ListedStatus, target: ArraySlice<UInt8>
    ) throws(RefusedListing) {
        if isDivided || path == nil {
            let path = path.map { [UInt8(ascii: "."), RelativePath.separator] + $0.bytes } ?? [UInt8(ascii: ".")]
            return try add(path[...], listed, target: target)
        }
        guard let path else { return }
        wasSeen[0] = true
        try readers[0].add(path, listed, target: target)
    }

    /// Takes note of a path of which the sandbox could not learn what is there.
    mutating func addUnreadable(_ path: ArraySlice<UInt8>, reason: ArraySlice<UInt8>) throws(RefusedListing) {
        if isDivided, let index = part(of: path) {
            wasSeen[index] = true
            return try readers[index].addUnreadable(
                Self.inner(path, below: request.parts[index].place), reason: reason)
        }
        if isDivided, let place = groundPlace(of: path) {
            throw RefusedListing("it cannot be read: \(displayName(of: reason.prefix(200)))", path: place)
        }
        guard let rest else { return }
        wasSeen[rest] = true
        try readers[rest].addUnreadable(path, reason: reason)
    }

    /// Puts the trees together.
    ///
    /// - Parameters:
    ///   - isComplete: Whether the sandbox says that it could read everything but what it told.
    ///   - start: When the listing began.
    /// - Returns: The listings.
    /// - Throws: ``RefusedListing``.
    mutating func finish(isComplete: Bool, start: Timestamp?) throws(RefusedListing) -> RemoteListings {
        var parts: [RemoteListing] = []
        for index in readers.indices {
            // Of a tree below the root, and of it alone, it is known that it may be missing.
            let mayBeMissing = isDivided && index != rest
            var listing = RemoteListing.empty
            if wasSeen[index] || !mayBeMissing { listing = try readers[index].finish(isComplete: isComplete) }
            listing.start = start
            parts.append(listing)
        }
        return RemoteListings(parts: parts, ground: ground)
    }

    /// The tree below the root that a path belongs to.
    private func part(of path: ArraySlice<UInt8>) -> Int? {
        request.parts.indices.first { index in
            let place = request.parts[index].place
            guard !place.isEmpty, path.count >= place.count + 2 else { return false }
            let name = path.dropFirst(2)
            guard name.starts(with: place), path.starts(with: "./".utf8) else { return false }
            return name.count == place.count || name[name.startIndex + place.count] == RelativePath.separator
        }
    }

    private func groundPlace(of path: ArraySlice<UInt8>) -> [UInt8]? {
        guard path.starts(with: "./".utf8) else { return nil }
        let name = path.dropFirst(2)
        return request.ground.directories.first { name.elementsEqual($0) }
            ?? request.ground.ignoreFiles.first { name.elementsEqual($0) }
    }

    /// A path as a listing of the tree itself would have it.
    private static func inner(_ path: ArraySlice<UInt8>, below place: [UInt8]) -> ArraySlice<UInt8> {
        [UInt8(ascii: ".")] + path.dropFirst(2 + place.count)
    }
}
