/// A header field of a request or a response.
package struct HTTPHeader: Sendable, Hashable {
    /// The field's name, in any case.
    package let name: String
    /// Its value.
    package let value: String
    /// Whether the value is a secret, which no description shows.
    package let isSensitive: Bool

    /// Makes a field.
    ///
    /// - Parameters:
    ///   - name: Its name; checked when it is sent.
    ///   - value: Its value; checked when it is sent.
    ///   - isSensitive: Whether the value is a secret.
    package init(_ name: String, _ value: String, isSensitive: Bool = false) {
        self.name = name
        self.value = value
        self.isSensitive = isSensitive
    }

    /// What is wrong with it; nil when it can be sent.
    ///
    /// A line feed in a value would begin another field, or another request.
    var problem: String? {
        let separators = Array("()<>@,;:\\\"/[]?={}".utf8)
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !separators.contains($0) }) else {
            return "a header field has a name that is not a token"
        }
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            return "the value of the header field '\(name)' holds a control character"
        }
        return nil
    }

    /// How libcurl wants it.
    var line: String { value.isEmpty ? "\(name);" : "\(name): \(value)" }
}

extension HTTPHeader: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The field; the value of a secret one is left out.
    package var description: String { "\(name): \(isSensitive ? "<hidden>" : value)" }
    /// The same.
    package var debugDescription: String { description }
    /// The same, so that `dump` shows no secret either.
    package var customMirror: Mirror { Mirror(self, children: ["field": description]) }
}
