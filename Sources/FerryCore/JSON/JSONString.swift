/// Strings as JSON writes them.
package enum JSONString {
    /// A string in quotation marks, on one line, harmless for a terminal.
    ///
    /// - Parameter string: The string.
    /// - Returns: The JSON text.
    package static func quoted(_ string: String) -> String {
        var text = "\""
        append(string, to: &text)
        return text + "\""
    }

    /// Appends a string's characters, those that JSON or a terminal would take for something else escaped.
    ///
    /// - Parameters:
    ///   - string: The string.
    ///   - text: What gets it.
    package static func append(_ string: String, to text: inout String) {
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // Line separators would end the line for some readers, and the delete character confuses terminals.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
