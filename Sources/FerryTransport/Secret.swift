/// A token or password: it can be handed to whoever needs it, and shows itself nowhere else.
///
/// Neither its description nor a dump of a value that holds it tells anything of it, and it cannot be encoded. The text is had by asking for
/// ``revealed``, a word that is easily looked for in a review.
public struct Secret: Sendable {
    /// The text.
    ///
    /// It may go into an environment, a standard input or the header of a request; never into an argument, a URL, a message or a file.
    public let revealed: String

    /// The most bytes that one may have.
    public static let longest = 8_192

    /// Why a text is no secret.
    ///
    /// Nothing here tells the text.
    public enum Refusal: String, Error, Sendable, CaseIterable {
        /// There is nothing in it.
        case empty
        /// It has more than ``Secret/longest`` bytes.
        case tooLong = "too-long"
        /// A control character is in it, such as the end of a line.
        case controlCharacter = "control-character"

        /// What is wrong, as a clause that follows "the token".
        public var reason: String {
            switch self {
            case .empty: "is empty"
            case .tooLong: "has more than \(Secret.longest) bytes"
            case .controlCharacter: "holds a control character"
            }
        }
    }

    /// Checks and wraps a text; nothing is trimmed.
    ///
    /// - Parameter text: 1 to 8,192 bytes in UTF-8, without control characters.
    /// - Throws: ``Refusal``.
    public init(_ text: String) throws(Refusal) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.longest else { throw .tooLong }
        // Of the C1 controls some terminals and proxies make the end of a line.
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) else {
            throw .controlCharacter
        }
        revealed = text
    }
}

extension Secret: Equatable {
    /// Whether both are the same bytes; how long that takes tells only their lengths.
    public static func == (one: Secret, other: Secret) -> Bool {
        let (one, other) = (Array(one.revealed.utf8), Array(other.revealed.utf8))
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The same for every secret.
    public var description: String { "(secret)" }
    /// The same for every secret.
    public var debugDescription: String { "(secret)" }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
