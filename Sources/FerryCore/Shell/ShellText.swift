/// Text for a POSIX shell.
package enum ShellText {
    /// Quotes bytes so that a shell takes them as one word, whatever they are; a NUL cannot be in them.
    ///
    /// - Parameter bytes: The word.
    /// - Returns: The word in single quotes, each `'` in it as `'\''`.
    package static func quoted(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        var text = [quote]
        for byte in bytes {
            if byte == quote { text += [quote, UInt8(ascii: "\\"), quote, quote] } else { text.append(byte) }
        }
        return text + [quote]
    }

    /// An assignment to a variable.
    package static func assignment(_ name: String, _ value: some Sequence<UInt8>) -> [UInt8] {
        Array(name.utf8) + [UInt8(ascii: "=")] + quoted(value) + [0x0A]
    }
}

/// Where a directory of a sandbox is.
package enum RemoteRoot: Hashable, Sendable {
    /// An absolute path.
    case absolute([UInt8])
    /// A path below the home directory over there; empty for that directory itself.
    case belowHome([UInt8])

    /// Takes a target's path, absolute or `/~/…`.
    ///
    /// - Parameter target: The path as it stands in a target.
    package init(path: [UInt8], isBelowHome: Bool) {
        guard isBelowHome else {
            self = .absolute(path)
            return
        }
        self = .belowHome(Array(path.dropFirst("/~/".utf8.count)))
    }

    /// What to call it in messages.
    package var display: String {
        switch self {
        case .absolute(let path): displayName(of: path)
        case .belowHome(let path): "~/" + displayName(of: path)
        }
    }

    /// The shell word that names it; `$HOME` has to be set and not empty for the second form.
    var word: [UInt8] {
        switch self {
        case .absolute(let path): ShellText.quoted(path)
        case .belowHome(let path): Array("\"$HOME\"".utf8) + ShellText.quoted([UInt8(ascii: "/")] + path)
        }
    }

    /// Whether it can be told to a shell at all.
    package var isValid: Bool {
        switch self {
        case .absolute(let path): path.first == UInt8(ascii: "/") && !path.contains(0)
        case .belowHome(let path): !path.contains(0)
        }
    }
}
