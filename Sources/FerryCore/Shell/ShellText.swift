/// Text for a POSIX shell.
public enum ShellText {
    /// One word that the shell takes for exactly these bytes.
    ///
    /// Single quotes with `\'` outside of them. A backslash stands outside, too: that changes nothing for a POSIX shell, and it keeps the
    /// word whole for a login shell such as fish, which sees a command line for ssh first and obeys backslashes in single quotes.
    ///
    /// - Parameter bytes: Any bytes but NUL.
    /// - Returns: The word.
    public static func quoted(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var word: [UInt8] = []
        word.reserveCapacity(bytes.count + 2)
        word.append(quote)
        for byte in bytes {
            if byte == quote || byte == backslash {
                word.append(contentsOf: [quote, backslash, byte, quote])
            } else {
                word.append(byte)
            }
        }
        word.append(quote)
        return word
    }

    /// Text from which `printf %b` makes exactly these bytes, all of it printable ASCII on one line.
    ///
    /// - Parameter bytes: Any bytes but NUL.
    /// - Returns: The text, to be taken by `read -r`.
    public static func encodedForPrintf(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for byte in bytes {
            // Everything but a backslash stands for itself; blanks at the ends would survive `IFS=` but are easy to lose.
            if byte > 0x20 && byte < 0x7F && byte != backslash {
                text.append(byte)
            } else {
                text.append(contentsOf: [backslash, zero, zero + byte >> 6, zero + byte >> 3 & 7, zero + byte & 7])
            }
        }
        return text
    }

    /// An assignment to a variable.
    package static func assignment(_ name: String, _ value: some Collection<UInt8>) -> [UInt8] {
        Array(name.utf8) + [UInt8(ascii: "=")] + quoted(value) + [0x0A]
    }

    private static let quote = UInt8(ascii: "'")
    private static let backslash = UInt8(ascii: "\\")
    private static let zero = UInt8(ascii: "0")
}

/// Where a directory of a sandbox is.
package enum RemoteRoot: Hashable, Sendable {
    /// An absolute path.
    case absolute([UInt8])
    /// A path below the home directory over there; empty for that directory itself.
    case belowHome([UInt8])

    /// Takes a target's path, absolute or `/~/…`.
    ///
    /// - Parameters:
    ///   - path: The path as it stands in a target.
    ///   - isBelowHome: Whether it is of the second form.
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
