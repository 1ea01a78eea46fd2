/// Where a request goes: an origin, a path and a query, percent-encoded from bytes.
package struct HTTPURL: Sendable, Hashable {
    /// The scheme, the host and the port, such as `https://host:8443`.
    package let origin: String
    private var path: String
    private var query = ""

    /// Reads an origin, with a base path if need be.
    ///
    /// - Parameter base: Such as `https://host/base`; without user, query and fragment.
    /// - Throws: ``HTTPError`` with the code `invalidRequest`.
    package init(_ base: String) throws(HTTPError) {
        let bytes = Array(base.utf8)
        let scheme = ["http://", "https://"].first { bytes.starts(with: $0.utf8) }
        guard let scheme else { throw Self.invalid("it does not begin with http:// or https://") }
        let rest = bytes[scheme.utf8.count...]
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let authority = rest[..<slash]
        guard let first = authority.first, first != UInt8(ascii: ":"),
            authority.allSatisfy({ Self.isUnreserved($0) || "[]:".utf8.contains($0) })
        else {
            throw Self.invalid("its host is missing, or has characters that do not belong there")
        }
        guard rest[slash...].allSatisfy({ Self.isUnreserved($0) || "/%".utf8.contains($0) }) else {
            throw Self.invalid("its path has characters that do not belong there")
        }
        origin = scheme + String(decoding: authority, as: UTF8.self)
        path = String(decoding: rest[slash...], as: UTF8.self)
        while path.hasSuffix("/") { path.removeLast() }
    }

    /// Adds components to the path.
    ///
    /// - Parameter components: The bytes of each; a `/` in one is encoded.
    /// - Returns: The longer URL.
    package func appending(_ components: [UInt8]...) -> HTTPURL {
        var result = self
        for component in components {
            // A dot component would be taken for a step in the hierarchy.
            let isDots = component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8)
            result.path += "/" + (isDots ? component.map { _ in "%2E" }.joined() : Self.encoded(component))
        }
        return result
    }

    /// Adds components to the path.
    package func appending(_ components: String...) -> HTTPURL {
        components.reduce(self) { $0.appending(Array($1.utf8)) }
    }

    /// Adds a parameter to the query.
    package func query(_ name: String, _ value: [UInt8]) -> HTTPURL {
        var result = self
        result.query += (query.isEmpty ? "?" : "&") + Self.encoded(Array(name.utf8)) + "=" + Self.encoded(value)
        return result
    }

    /// Adds a parameter to the query.
    package func query(_ name: String, _ value: String) -> HTTPURL { query(name, Array(value.utf8)) }

    /// The path and the query, as they stand in the request line.
    package var requestTarget: String { (path.isEmpty ? "/" : path) + query }

    /// The whole, as it goes to the library.
    package var text: String { origin + requestTarget }

    /// The host and the port.
    package var authority: String {
        origin.firstRange(of: "://").map { String(origin[$0.upperBound...]) } ?? origin
    }

    /// Whether the connection is encrypted.
    package var isEncrypted: Bool { origin.hasPrefix("https:") }

    private static func encoded(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }

    private static func invalid(_ reason: String) -> HTTPError {
        HTTPError(.invalidRequest, operation: "reading a URL", reason: reason)
    }
}

extension HTTPURL: CustomStringConvertible {
    /// The origin and the path; the query may hold a signature and is left out.
    package var description: String { origin + (path.isEmpty ? "/" : path) }
}
