/// What may be trusted with a token: a scheme, a host and a port, and nothing that only looks like them.
public struct Origin: Sendable, Hashable {
    /// `http` or `https`.
    public let scheme: String
    /// The host in lower case; a literal IPv6 address with its brackets.
    public let host: String
    /// The port, the scheme's own one where none was written.
    public let port: UInt16

    /// Why a text is no origin.
    public enum Refusal: String, Error, Sendable, CaseIterable {
        /// It does not begin with `http://` or `https://`.
        case scheme = "origin-scheme"
        /// The host is missing, or has characters that belong to no host.
        case host = "origin-host"
        /// What follows the host is not a port from 1 to 65535.
        case port = "origin-port"
        /// It goes on after the port, or has a user before the host.
        case more = "origin-more"

        /// What is wrong, as a clause that follows "the origin".
        public var reason: String {
            switch self {
            case .scheme: "does not begin with http:// or https://"
            case .host: "has no host, or one with characters that belong to none"
            case .port: "has a port that is not a number from 1 to 65535"
            case .more: "has more than a scheme, a host and a port"
            }
        }
    }

    /// Reads an origin.
    ///
    /// - Parameter text: Such as `https://api.example.com` or `http://127.0.0.1:8080`; a slash at the end does not matter.
    /// - Throws: ``Refusal``.
    public init(_ text: String) throws(Refusal) {
        var rest = Array(text.utf8)[...]
        let known: [(name: String, port: UInt16)] = [("http", 80), ("https", 443)]
        let lowered = rest.prefix(8).map(Self.lowered)
        guard let scheme = known.first(where: { lowered.starts(with: "\($0.name)://".utf8) }) else { throw .scheme }
        rest = rest.dropFirst(scheme.name.utf8.count + 3)
        if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        guard !rest.contains(where: { "/?#@\\".utf8.contains($0) }) else { throw .more }
        let isBracketed = rest.first == UInt8(ascii: "[")
        let end: Int
        if isBracketed {
            guard let bracket = rest.firstIndex(of: UInt8(ascii: "]")) else { throw .host }
            end = bracket + 1
        } else {
            end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
        }
        let host = rest[..<end].map(Self.lowered)
        let inner = isBracketed ? host.dropFirst().dropLast() : host[...]
        guard !inner.isEmpty, inner.allSatisfy({ Self.isHostByte($0, inBrackets: isBracketed) }) else { throw .host }
        self.host = String(decoding: host, as: UTF8.self)
        self.scheme = scheme.name
        let tail = rest[end...]
        guard let colon = tail.first else {
            port = scheme.port
            return
        }
        let digits = tail.dropFirst()
        guard colon == UInt8(ascii: ":"), !digits.isEmpty, digits.count <= 5,
            digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt16(String(decoding: digits, as: UTF8.self)), number > 0
        else { throw .port }
        port = number
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }

    private static func isHostByte(_ byte: UInt8, inBrackets: Bool) -> Bool {
        switch byte {
        case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "."): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): !inBrackets
        case UInt8(ascii: ":"): inBrackets
        default: false
        }
    }
}

extension Origin: CustomStringConvertible {
    /// The origin as it is written, without the scheme's own port.
    public var description: String {
        let isUsual = port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(host)\(isUsual ? "" : ":\(port)")"
    }
}
