import FerryCore

/// A command as transports without words for a directory and an environment run it: one script for `sh -c`, and lines that go ahead of
/// the command's own standard input.
public struct ShellScript: Sendable {
    /// The script.
    public let text: [UInt8]
    /// What the script reads before the command proper gets its input: the values of variables, never part of an argument.
    public let prologue: [UInt8]

    /// Makes the script of a command.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - sandbox: The sandbox's name, for the error.
    /// - Throws: ``TransportError`` when a NUL is in it or a variable's name is none.
    public init(_ command: SandboxCommand, sandbox: String) throws(TransportError) {
        func refused(_ reason: String) -> TransportError {
            TransportError(.unsupported, sandbox: sandbox, purpose: command.purpose, reason: reason)
        }
        guard !command.text.contains(0), command.directory?.contains(0) != true else {
            throw refused("a command for a shell cannot hold a NUL byte")
        }
        // A relative name must neither be taken for an option nor be looked for in CDPATH.
        let directory = command.directory ?? [UInt8(ascii: "/")]
        var text = Array("cd ".utf8)
        text += ShellText.quoted(directory.first == UInt8(ascii: "/") ? directory : Array("./".utf8) + directory)
        text += Array(" || exit\n".utf8)
        var prologue: [UInt8] = []
        for variable in command.environment {
            guard Self.isName(variable.name) else {
                throw refused("a variable's name is not made of letters, digits and underscores")
            }
            guard !variable.value.contains(0) else { throw refused("a variable's value holds a NUL byte") }
            prologue += ShellText.encodedForPrintf(variable.value) + [0x0A]
            // The dot keeps line feeds at the end, which the shell would drop from the substitution.
            text += Array(#"IFS= read -r _ferry && _ferry=$(printf '%b.' "$_ferry") && export "#.utf8)
            text += variable.name + Array(#"="${_ferry%.}" || exit"#.utf8) + [0x0A]
        }
        if !command.environment.isEmpty { text += Array("unset _ferry\n".utf8) }
        self.text = text + command.text
        self.prologue = prologue
    }

    private static func isName(_ name: [UInt8]) -> Bool {
        guard let first = name.first, !(0x30...0x39).contains(first) else { return false }
        return name.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }
}
