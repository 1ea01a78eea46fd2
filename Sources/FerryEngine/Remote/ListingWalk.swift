import FerryCore

/// Follows a listing that comes in the order of a walk, each directory right before what is in it: there a depth and a name tell a path.
///
/// A sandbox may say anything: no path comes out that is not one, and nothing below what is no directory.
struct ListingWalk {
    /// How deep it may go.
    private let limits: RemoteLimits
    /// The path of the entry before.
    private var path: [UInt8] = []
    /// The path before that: who was given one may still hold it, and to change a path that is held would copy it.
    private var spare: [UInt8] = []
    /// The length of the path of the entry before and of each directory above it, by depth.
    private var lengths: [Int] = []
    /// How deep the next entry may be.
    private var deepest = 0
    /// How many bytes paths would have had that were not told in full.
    private(set) var savedBytes: Int64 = 0

    init(_ limits: RemoteLimits) { self.limits = limits }

    /// Goes on to the next entry.
    ///
    /// - Parameters:
    ///   - depth: How far below the root it is.
    ///   - name: Its name; that of the root is `.`.
    ///   - isDirectory: Whether something may be in it.
    /// - Returns: The path; nil for the root.
    /// - Throws: ``RefusedListing``.
    mutating func step(
        depth: UInt64, name: ArraySlice<UInt8>, isDirectory: Bool
    ) throws(RefusedListing) -> RelativePath? {
        guard depth > 0 else {
            guard lengths.isEmpty else {
                throw RefusedListing("the directory itself is listed twice or too late")
            }
            guard name.elementsEqual(CollectionOfOne(UInt8(ascii: "."))) else {
                throw RefusedListing("it does not begin with the directory itself", path: Array(name))
            }
            lengths.append(0)
            deepest = isDirectory ? 1 : 0
            return nil
        }
        guard !lengths.isEmpty else { throw RefusedListing("it does not begin with the directory itself") }
        guard depth <= UInt64(deepest), let depth = Int(exactly: depth) else {
            throw RefusedListing("nothing was listed that it could be in", path: Array(name))
        }
        guard depth <= limits.depth else {
            throw RefusedListing("it exceeds the limit 'depth' of \(limits.depth)", path: path)
        }
        let length = lengths[depth - 1]
        if let problem = Self.problem(name) {
            throw RefusedListing(
                "the path \(problem.reason)", path: RelativePath.join(Array(path[..<length]), Array(name)))
        }
        spare.removeAll(keepingCapacity: true)
        if length > 0 {
            spare += path[..<length]
            spare.append(RelativePath.separator)
        }
        spare += name
        swap(&path, &spare)
        guard path.count <= limits.stringBytes else {
            throw RefusedListing("a path is longer than the limit of \(limits.stringBytes) bytes")
        }
        savedBytes += Int64(path.count - name.count)
        lengths.removeSubrange(depth...)
        lengths.append(path.count)
        deepest = isDirectory ? depth + 1 : depth
        return RelativePath(unchecked: path)
    }

    private static func problem(_ name: ArraySlice<UInt8>) -> RelativePathError? {
        if let problem = RelativePath.problem(in: name.span) { return problem }
        return name.span.contains(RelativePath.separator) ? .separatorInComponent : nil
    }
}

extension Span<UInt8> {
    fileprivate func contains(_ byte: UInt8) -> Bool {
        for index in indices where self[index] == byte { return true }
        return false
    }
}
