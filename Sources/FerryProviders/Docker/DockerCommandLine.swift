import FerryTransport

/// A command in the form in which an exec takes it.
///
/// The shell is started by a line that says its process id on the standard error first: that tells a shell that started from an
/// engine that could not start one (both would end with 126 or 127), and it is what ``DockerProcess/terminate()`` kills. JSON
/// carries text only; bytes that are not UTF-8 go by variables of the exec, escaped for `printf %b`, and are put back by that line.
struct DockerCommandLine {
    /// What the line says before the process id.
    static let marker = "ferry-exec "

    let options: DockerMessages.ExecOptions

    /// The longest variable or argument that Linux takes.
    private static let longestString = (128 << 10) - 1

    /// Encodes a command.
    ///
    /// - Throws: `unsupported` when it cannot be sent.
    init(_ command: SandboxCommand, for engine: DockerEngine) throws(TransportError) {
        func refused(_ reason: String) -> TransportError { engine.error(.unsupported, command.purpose, reason) }
        guard !command.text.contains(0), command.directory?.contains(0) != true else {
            throw refused("the command or its directory holds a NUL")
        }
        var line = "echo \"\(Self.marker)$$\" >&2"
        var variables: [String] = []
        /// Puts bytes into a variable of the exec, and back into one of the shell.
        func restore(_ bytes: [UInt8], _ name: String) {
            let carrier = "FERRY_BYTES_\(variables.count)"
            variables.append("\(carrier)=\(Self.escaped(bytes))")
            // The full stop keeps line feeds at the end, which a substitution drops.
            line += "; \(name)=$(printf '%b.' \"$\(carrier)\"); \(name)=${\(name)%.}; unset \(carrier)"
        }
        for (name, value) in command.environment {
            guard let name = Self.variableName(name) else {
                throw refused("a variable's name has other characters than letters, digits and underscores")
            }
            guard !value.contains(0) else { throw refused("the value of the variable '\(name)' holds a NUL") }
            if let value = String(validating: value, as: UTF8.self) {
                variables.append("\(name)=\(value)")
            } else {
                restore(value, name)
                line += "; export \(name)"
            }
        }
        var directory = "/"
        if let bytes = command.directory {
            if let text = String(validating: bytes, as: UTF8.self) {
                directory = text
            } else {
                restore(bytes, "ferry_directory")
                line += "; cd \"$ferry_directory\" || exit; unset ferry_directory"
            }
        }
        var arguments = ["/bin/sh", "-c"]
        if let text = String(validating: command.text, as: UTF8.self) {
            arguments += [line + "; exec /bin/sh -c \"$1\"", "/bin/sh", text]
        } else {
            restore(command.text, "ferry_command")
            arguments.append(line + "; exec /bin/sh -c \"$ferry_command\"")
        }
        guard (arguments + variables).allSatisfy({ $0.utf8.count <= Self.longestString }) else {
            throw refused("the command or one of its variables is longer than the 128 KiB that Linux takes")
        }
        options = DockerMessages.ExecOptions(cmd: arguments, env: variables, workingDir: directory)
    }

    private static func variableName(_ bytes: [UInt8]) -> String? {
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard let first = bytes.first, isLetter(first) else { return nil }
        let isName = bytes.allSatisfy { isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isName ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// Bytes for `printf %b`: what is not a printable ASCII character, and the backslash, as `\0ooo`.
    static func escaped(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            if (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\\") {
                text.append(byte)
            } else {
                let digits = String(byte, radix: 8)
                text += Array(("\\0" + String(repeating: "0", count: 3 - digits.utf8.count) + digits).utf8)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
