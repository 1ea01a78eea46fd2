import FerryCore

/// The path of a directory in a sandbox, which may be known only over there: below the home directory of whoever logs in.
public struct SandboxPath: Sendable, Hashable {
    /// What a path is counted from.
    public enum Base: Sendable, Hashable {
        /// The sandbox's root.
        case root
        /// The home directory over there.
        case home
    }

    /// What it is counted from.
    public let base: Base
    /// The bytes: absolute, or relative to the home directory, where empty means that itself.
    public let bytes: [UInt8]

    /// An absolute path.
    public init(absolute bytes: [UInt8]) {
        base = .root
        self.bytes = bytes
    }

    /// A path below the home directory over there.
    public init(belowHome bytes: [UInt8]) {
        base = .home
        self.bytes = Array(bytes.drop { $0 == UInt8(ascii: "/") })
    }

    /// The path of a target that is not on this machine.
    public init(_ target: Target) {
        if target.isBelowRemoteHome {
            self.init(belowHome: Array(target.path.dropFirst(2)))
        } else {
            self.init(absolute: target.path)
        }
    }

    /// One word for a POSIX shell over there.
    public var shellWord: [UInt8] {
        switch base {
        case .root: ShellText.quoted(bytes)
        case .home: Array(#""${HOME:?}""#.utf8) + (bytes.isEmpty ? [] : ShellText.quoted([UInt8(ascii: "/")] + bytes))
        }
    }

    /// The absolute path, asked for over there when only the sandbox knows it.
    ///
    /// - Parameter sandbox: The sandbox.
    /// - Returns: The bytes, without a slash at the end except for the root itself.
    /// - Throws: ``TransportError``.
    public func resolved(in sandbox: any Sandbox) throws(TransportError) -> [UInt8] {
        guard base == .home else { return Self.trimmed(bytes) }
        var command = SandboxCommand(
            Array(#"printf '%s/.' "${HOME:?}""#.utf8), purpose: "asking for the home directory")
        command.isIdempotent = true
        let answer = try sandbox.run(command, outputLimit: 1 << 16)
        guard answer.output.first == UInt8(ascii: "/"), answer.output.suffix(2).elementsEqual("/.".utf8),
            !answer.output.contains(0)
        else {
            throw TransportError(
                .malformed, sandbox: sandbox.name, purpose: command.purpose,
                reason: "the answer '\(displayName(of: answer.output))' is not an absolute path",
                advice: "write the path in full", errorTail: answer.exit.errorTail)
        }
        return Self.trimmed(answer.output.dropLast(2) + [UInt8(ascii: "/")] + bytes)
    }

    private static func trimmed(_ path: [UInt8]) -> [UInt8] {
        let end = path.lastIndex { $0 != UInt8(ascii: "/") }
        return end.map { Array(path[...$0]) } ?? [UInt8(ascii: "/")]
    }
}
