/// A path below some root, as raw bytes: relative, non-empty, without empty, `.` or `..` components and without NUL.
///
/// Bytes and not `String`: a `String` normalises when it compares, and a combining character after a `/` hides the
/// separator. There is one way in, the validating initialiser, and every name that comes from an archive, a listing or a
/// command line passes through it.
public struct RelativePath: Hashable, Sendable {
    /// The path's bytes, components separated by single 0x2F.
    public let bytes: [UInt8]

    /// Checks and wraps a path.
    ///
    /// - Parameter bytes: The path, without a leading or trailing slash.
    /// - Throws: ``RelativePathError`` when the bytes are not a path that stays below its root.
    public init(validating bytes: some Collection<UInt8>) throws(RelativePathError) {
        try self.init(validating: Array(bytes))
    }

    /// Checks and wraps a path that is an array already.
    ///
    /// The generic initialiser cannot be specialised in other modules.
    ///
    /// - Parameter bytes: The path, without a leading or trailing slash.
    /// - Throws: ``RelativePathError`` when the bytes are not a path that stays below its root.
    public init(validating bytes: [UInt8]) throws(RelativePathError) {
        if let problem = RelativePath.problem(in: bytes.span) { throw problem }
        self.bytes = bytes
    }

    /// Wraps bytes that are known to be valid, such as a path joined from valid components.
    package init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The components, from the root downwards.
    public var components: [ArraySlice<UInt8>] {
        bytes.split(separator: RelativePath.separator)
    }

    /// The last component.
    public var name: ArraySlice<UInt8> {
        guard let slash = bytes.lastIndex(of: RelativePath.separator) else { return bytes[...] }
        return bytes[(slash + 1)...]
    }

    /// The path of the directory that holds this entry; nil for a child of the root.
    public var parent: RelativePath? {
        guard let slash = bytes.lastIndex(of: RelativePath.separator) else { return nil }
        return RelativePath(unchecked: Array(bytes[..<slash]))
    }

    /// The number of components.
    public var depth: Int {
        bytes.reduce(into: 1) { $0 += $1 == RelativePath.separator ? 1 : 0 }
    }

    /// Whether this path is `other` or lies below it.
    public func isSameOrBelow(_ other: RelativePath) -> Bool {
        bytes.starts(with: other.bytes)
            && (bytes.count == other.bytes.count || bytes[other.bytes.count] == RelativePath.separator)
    }

    /// The path of a child.
    ///
    /// - Parameter component: One valid component.
    /// - Returns: The path of the child of that name.
    /// - Throws: ``RelativePathError`` when the component is not one.
    public func appending(_ component: some Collection<UInt8>) throws(RelativePathError) -> RelativePath {
        if component.contains(RelativePath.separator) { throw .separatorInComponent }
        if let problem = RelativePath.problem(in: component) { throw problem }
        return RelativePath(unchecked: bytes + [RelativePath.separator] + component)
    }

    /// A path below a directory, either of which may be the root, which is empty.
    ///
    /// - Parameters:
    ///   - directory: The directory's bytes.
    ///   - path: The path in it.
    /// - Returns: The bytes of both.
    package static func join(_ directory: [UInt8], _ path: [UInt8]) -> [UInt8] {
        if directory.isEmpty { return path }
        return path.isEmpty ? directory : directory + [separator] + path
    }

    /// The byte that separates components.
    @inlinable public static var separator: UInt8 { UInt8(ascii: "/") }

    /// What is wrong with some bytes as a relative path; nil when nothing is.
    public static func problem(in bytes: some Collection<UInt8>) -> RelativePathError? {
        problem(in: Array(bytes).span)
    }

    /// What is wrong with some bytes as a relative path; nil when nothing is.
    public static func problem(in bytes: Span<UInt8>) -> RelativePathError? {
        guard !bytes.isEmpty else { return .empty }
        if bytes[0] == separator { return .absolute }
        var length = 0
        var dots = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == separator {
                if let problem = componentProblem(length: length, dots: dots) { return problem }
                length = 0
                dots = 0
                continue
            }
            if byte == 0 { return .containsNUL }
            if byte == UInt8(ascii: ".") { dots += 1 }
            length += 1
        }
        return componentProblem(length: length, dots: dots)
    }

    private static func componentProblem(length: Int, dots: Int) -> RelativePathError? {
        if length == 0 { return .emptyComponent }
        guard dots == length else { return nil }
        return dots == 1 ? .dotComponent : dots == 2 ? .dotDotComponent : nil
    }
}

extension RelativePath: Comparable {
    /// Orders bytewise with `/` before every other byte, so that a directory's content directly follows it.
    public static func < (lhs: RelativePath, rhs: RelativePath) -> Bool {
        let shared = min(lhs.bytes.count, rhs.bytes.count)
        for index in 0..<shared where lhs.bytes[index] != rhs.bytes[index] {
            if lhs.bytes[index] == separator { return true }
            if rhs.bytes[index] == separator { return false }
            return lhs.bytes[index] < rhs.bytes[index]
        }
        return lhs.bytes.count < rhs.bytes.count
    }
}

extension RelativePath: CustomStringConvertible {
    /// The path for people; see ``displayName(of:)``.
    public var description: String { displayName(of: bytes) }
}

/// Why some bytes are not a ``RelativePath``.
public enum RelativePathError: Error, Hashable, Sendable {
    /// No bytes at all.
    case empty
    /// It begins with a slash.
    case absolute
    /// Two slashes in a row, or one at the end.
    case emptyComponent
    /// A `.` component.
    case dotComponent
    /// A `..` component.
    case dotDotComponent
    /// A NUL byte.
    case containsNUL
    /// A slash where one component was asked for.
    case separatorInComponent

    /// What is wrong, as a clause that follows "the path".
    public var reason: String {
        switch self {
        case .empty: "is empty"
        case .absolute: "is absolute"
        case .emptyComponent: "has an empty component"
        case .dotComponent: "has a '.' component"
        case .dotDotComponent: "has a '..' component"
        case .containsNUL: "contains a NUL byte"
        case .separatorInComponent: "has a '/' inside a component"
        }
    }
}
