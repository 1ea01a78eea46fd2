import FerryRuntime
import FoundationEssentials

/// Finds a member that an object of a JSON document has twice: which of them counts, two readers need not agree about.
///
/// For documents that a parser took; it looks for names only.
struct RepeatedMember {
    private let bytes: [UInt8]
    private var position = 0

    /// Where in the document something is.
    private enum Level {
        case object(names: Set<String>, member: String)
        case array(index: Int)
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Looks through a document.
    ///
    /// - Parameter document: JSON that a parser took, in UTF-8.
    /// - Returns: The first such member, with where it is, as `assets[0].key`; nil when there is none.
    static func find(in document: [UInt8]) -> String? {
        var reader = RepeatedMember(document)
        return reader.find()
    }

    private mutating func find() -> String? {
        var levels: [Level] = []
        var expectsName = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "{"):
                levels.append(.object(names: [], member: ""))
                expectsName = true
            case UInt8(ascii: "["):
                levels.append(.array(index: 0))
                expectsName = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = levels.popLast()
                expectsName = false
            case UInt8(ascii: ","):
                switch levels.popLast() {
                case .array(let index): levels.append(.array(index: index + 1))
                case .object(let names, let member):
                    levels.append(.object(names: names, member: member))
                    expectsName = true
                case nil: break
                }
            case UInt8(ascii: "\""):
                let text = string()
                guard expectsName, case .object(var names, _) = levels.popLast() else { continue }
                expectsName = false
                let isNew = names.insert(text).inserted
                levels.append(.object(names: names, member: text))
                if !isNew { return Self.path(levels) }
            default: break
            }
        }
        return nil
    }

    /// The string behind a quotation mark.
    private mutating func string() -> String {
        let start = position
        var isEscaped = false
        while position < bytes.count, isEscaped || bytes[position] != UInt8(ascii: "\"") {
            isEscaped = !isEscaped && bytes[position] == UInt8(ascii: "\\")
            position += 1
        }
        let raw = bytes[start..<min(position, bytes.count)]
        position += 1
        guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
        // The same name can be written in several ways.
        let quoted = Data([UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")])
        return (try? JSONDecoder().decode(String.self, from: quoted)) ?? String(decoding: raw, as: UTF8.self)
    }

    private static func path(_ levels: [Level]) -> String {
        var path = ""
        for level in levels {
            switch level {
            case .object(_, let member): path += (path.isEmpty ? "" : ".") + member
            case .array(let index): path += "[\(index)]"
            }
        }
        return path
    }
}
