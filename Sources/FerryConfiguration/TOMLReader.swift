import TOMLKit

/// A value of a TOML file.
enum TOMLNode {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case list([TOMLNode])
    case table([String: TOMLNode])
    /// A kind that no key of ours takes.
    case other(String)

    /// The kind, for messages.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .boolean: "a boolean"
        case .list: "a list"
        case .table: "a table"
        case .other(let kind): kind
        }
    }

    /// Copies a value out of the parser's tree, which lives only as long as its root.
    init(_ value: any TOMLValueConvertible) {
        switch value.type {
        case .string: self = .string(value.string ?? "")
        case .int: self = .integer(value.int ?? 0)
        case .bool: self = .boolean(value.bool ?? false)
        case .array: self = .list(value.array.map { $0.map(TOMLNode.init) } ?? [])
        case .table: self = .table(value.table.map(TOMLNode.entries) ?? [:])
        case let kind: self = .other("a \(kind)")
        }
    }

    static func entries(of table: TOMLTable) -> [String: TOMLNode] {
        var entries: [String: TOMLNode] = [:]
        for (key, value) in table { entries[key] = TOMLNode(value) }
        return entries
    }
}

/// One table of a configuration file: takes known keys out, of the right type, and refuses what is left.
struct TOMLReader {
    let file: [UInt8]
    /// The keys above this table, each followed by a dot.
    let prefix: String
    private var entries: [String: TOMLNode]

    /// Parses a file.
    init(parsing content: [UInt8], file: [UInt8]) throws(ConfigurationError) {
        self.file = file
        prefix = ""
        // The parser takes C strings and would stop silently at a NUL, be it written or escaped.
        guard !content.contains(0), let text = String(validating: content, as: UTF8.self),
            !text.contains("\\u0000"), !text.contains("\\U00000000")
        else {
            throw ConfigurationError(
                file: file, reason: "it is not UTF-8 text, or it holds a NUL", advice: "write it anew in an editor")
        }
        do {
            let table = try TOMLTable(string: text)
            entries = withExtendedLifetime(table) { TOMLNode.entries(of: table) }
        } catch let error as TOMLParseError {
            throw ConfigurationError(
                file: file, reason: "line \(error.source.begin.line): \(error.description)", advice: "correct the TOML")
        } catch {
            throw ConfigurationError(file: file, reason: "\(error)", advice: "correct the TOML")
        }
    }

    private init(file: [UInt8], prefix: String, entries: [String: TOMLNode]) {
        self.file = file
        self.prefix = prefix
        self.entries = entries
    }

    /// The keys that nobody took yet, in order.
    var keys: [String] { entries.keys.sorted() }

    func error(_ key: String, _ reason: String, advice: String) -> ConfigurationError {
        ConfigurationError(file: file, key: prefix + key, reason: reason, advice: advice)
    }

    /// Takes a table; nil when it is not there.
    mutating func table(_ key: String) throws(ConfigurationError) -> TOMLReader? {
        guard let node = entries.removeValue(forKey: key) else { return nil }
        guard case .table(let inner) = node else {
            throw error(key, "it is \(node.kind)", advice: "write a table, [\(prefix)\(key)]")
        }
        return TOMLReader(file: file, prefix: "\(prefix)\(key).", entries: inner)
    }

    /// Takes a list of strings; nil when it is not there.
    mutating func strings(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let node = entries.removeValue(forKey: key) else { return nil }
        let advice = #"write a list of strings, ["a", "b"]"#
        guard case .list(let nodes) = node else { throw error(key, "it is \(node.kind)", advice: advice) }
        var strings: [String] = []
        for (number, node) in nodes.enumerated() {
            guard case .string(let string) = node else {
                throw error("\(key)[\(number)]", "it is \(node.kind)", advice: advice)
            }
            strings.append(string)
        }
        return strings
    }

    /// Takes a number that is not negative; nil when it is not there.
    mutating func count(_ key: String) throws(ConfigurationError) -> Int? {
        guard let node = entries.removeValue(forKey: key) else { return nil }
        guard case .integer(let number) = node, number >= 0 else {
            throw error(key, "it is \(node.kind) and not a number from 0", advice: "write a number from 0")
        }
        return number
    }

    /// Takes whatever is there.
    mutating func value(_ key: String) -> TOMLNode? { entries.removeValue(forKey: key) }

    /// Refuses the first key that nobody took.
    func end(knowing known: [String]) throws(ConfigurationError) {
        guard let key = keys.first else { return }
        throw error(key, "there is no such key", advice: "the known ones here are \(known.joined(separator: ", "))")
    }
}
