public import FerryTransport

/// What a target leads to, in words that do not depend on the engine.
public enum EndpointDescription: Sendable {
    /// A directory on this machine.
    case directory([UInt8])
    /// A tar archive.
    case archive([UInt8])
    /// A tar stream on standard input or output.
    case standardStream
    /// A directory in a sandbox.
    case sandbox(any Sandbox, root: [UInt8])
}

extension EndpointDescription: Equatable {
    /// Whether both lead to the same place; sandboxes are told apart by their names.
    public static func == (left: EndpointDescription, right: EndpointDescription) -> Bool {
        switch (left, right) {
        case (.directory(let left), .directory(let right)), (.archive(let left), .archive(let right)): left == right
        case (.standardStream, .standardStream): true
        case (.sandbox(let left, let leftRoot), .sandbox(let right, let rightRoot)):
            left.name == right.name && leftRoot == rightRoot
        default: false
        }
    }
}

/// Knows how to reach the targets of some schemes.
public protocol Provider: Sendable {
    /// The schemes.
    var schemes: [TargetScheme] { get }

    /// Says what a target leads to.
    ///
    /// - Parameter target: A target of one of ``schemes``.
    /// - Returns: What is there.
    /// - Throws: ``TargetError`` when this provider cannot reach it.
    func endpoint(for target: Target) throws(TargetError) -> EndpointDescription
}
