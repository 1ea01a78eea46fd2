/// One component of a path with a NUL behind it, ready for a system call, usually a view into a snapshot's arena.
///
/// It is never empty, `.`, `..` and holds no `/`: a call that takes one cannot leave the directory that it is made in.
public struct TerminatedName: Sendable {
    /// The name's bytes and the NUL.
    package let terminated: ArraySlice<UInt8>

    /// Checks a name and adds the NUL.
    ///
    /// - Parameter name: One component.
    /// - Throws: ``RelativePathError`` when it is not one.
    public init(_ name: some Collection<UInt8>) throws(RelativePathError) {
        if name.contains(RelativePath.separator) { throw .separatorInComponent }
        if let problem = RelativePath.problem(in: name) { throw problem }
        terminated = ArraySlice(Array(name) + [0])
    }

    /// Wraps bytes of which it is known that they are one valid component and a NUL.
    package init(unchecked terminated: ArraySlice<UInt8>) {
        self.terminated = terminated
    }

    /// The name without the NUL.
    public var bytes: ArraySlice<UInt8> { terminated[terminated.startIndex..<(terminated.endIndex - 1)] }
}
