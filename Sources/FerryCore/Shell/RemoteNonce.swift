/// A random word that every mark of one session carries, so that no name and no output of a tool can pass for one.
package struct RemoteNonce: Hashable, Sendable {
    /// 32 hexadecimal digits.
    package let text: String
    /// What every mark begins with.
    package let prefix: [UInt8]

    /// Makes a new one.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let words = [generator.next(), generator.next()].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        text = words.joined()
        prefix = Array("=\(text) ".utf8)
    }

    /// The name of the directory that a push works in over there.
    package var temporaryName: [UInt8] { ReservedNames.temporaryPrefix + Array(text.utf8) }

    /// The words of a mark; nil when the bytes are none.
    package func words(of token: [UInt8]) -> [String]? {
        guard token.first == prefix.first, token.starts(with: prefix) else { return nil }
        return token.dropFirst(prefix.count).split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
    }
}
