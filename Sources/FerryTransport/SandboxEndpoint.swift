/// A directory in a sandbox, and how to get there; nothing is reached before somebody opens it.
public struct SandboxEndpoint: Sendable {
    /// The target as the user wrote it.
    public let target: [UInt8]
    /// Where the directory is.
    public let root: SandboxPath

    private let make: @Sendable () throws(TransportError) -> any Sandbox

    /// Describes a directory in a sandbox.
    ///
    /// - Parameters:
    ///   - target: The target as the user wrote it; two endpoints are equal when these are.
    ///   - root: Where the directory is.
    ///   - make: Makes the sandbox.
    public init(
        target: [UInt8], root: SandboxPath, make: @escaping @Sendable () throws(TransportError) -> any Sandbox
    ) {
        self.target = target
        self.root = root
        self.make = make
    }

    /// Describes the directory that a target names.
    ///
    /// - Parameters:
    ///   - target: The target.
    ///   - make: Makes the sandbox.
    public init(_ target: Target, make: @escaping @Sendable () throws(TransportError) -> any Sandbox) {
        self.init(target: target.text, root: SandboxPath(target), make: make)
    }

    /// Makes the sandbox; whoever does so closes it.
    ///
    /// - Returns: The sandbox.
    /// - Throws: ``TransportError``.
    public func open() throws(TransportError) -> any Sandbox { try make() }
}

extension SandboxEndpoint: Hashable {
    /// Whether both name the same target.
    public static func == (one: SandboxEndpoint, other: SandboxEndpoint) -> Bool { one.target == other.target }

    /// Hashes the target.
    public func hash(into hasher: inout Hasher) { hasher.combine(target) }
}
