/// The members of an execution spec, and the rules for reading them.
enum SpecField: String {
    case transport
    case provider
    case sandboxID = "sandboxId"
    case remoteDirectory = "remoteCwd"
    case timeout = "timeoutMs"
    case apiKey
    case callbackURL = "callbackApiUrl"

    /// A string that is not empty once it is trimmed.
    func required(_ members: [String: JSONValue]) throws(SpecError) -> String {
        guard let value = members[rawValue] else {
            throw SpecError(.missingField, field: rawValue, reason: "'\(rawValue)' is missing")
        }
        return try required(value)
    }

    func required(_ value: JSONValue) throws(SpecError) -> String {
        guard case .string(let text) = value else { throw invalid("is \(value.kind), not a string") }
        let trimmed = Self.trimmed(text)
        guard !trimmed.isEmpty else { throw invalid("is empty") }
        guard !trimmed.utf8.contains(0) else { throw invalid("holds a NUL character") }
        return trimmed
    }

    /// A string, trimmed; nil when it is missing, null or empty.
    func optional(_ value: JSONValue?) throws(SpecError) -> String? {
        guard let value, value != .null else { return nil }
        guard case .string(let text) = value else { throw invalid("is \(value.kind), not a string") }
        let trimmed = Self.trimmed(text)
        guard !trimmed.utf8.contains(0) else { throw invalid("holds a NUL character") }
        return trimmed.isEmpty ? nil : trimmed
    }

    /// A finite number above 0, also when it is written as a string.
    func positive(_ members: [String: JSONValue]) throws(SpecError) -> Double {
        guard let value = members[rawValue] else {
            throw SpecError(.missingField, field: rawValue, reason: "'\(rawValue)' is missing")
        }
        return try positive(value)
    }

    func positive(_ value: JSONValue) throws(SpecError) -> Double {
        let number: Double
        switch value {
        case .number(let found): number = found
        case .string(let text):
            guard let found = Double(Self.trimmed(text)) else { throw invalid("is a string that is not a number") }
            number = found
        default: throw invalid("is \(value.kind), not a number")
        }
        guard number.isFinite, number > 0 else { throw invalid("is not a finite number above 0") }
        return number
    }

    private func invalid(_ clause: String) -> SpecError {
        SpecError(.invalidField, field: rawValue, reason: "'\(rawValue)' \(clause)")
    }

    /// A text without white space and byte order marks at its ends.
    private static func trimmed(_ text: String) -> String {
        func isKept(_ scalar: Unicode.Scalar) -> Bool { !scalar.properties.isWhitespace && scalar != "\u{FEFF}" }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: isKept), let last = scalars.lastIndex(where: isKept) else {
            return ""
        }
        return String(scalars[first...last])
    }
}
