import FerryCore
import FerryRuntime

/// Takes an object of a request apart, member by member, and knows which of them nobody asked for.
struct RequestObject {
    private let members: [String: FerryRuntime.JSONValue]
    private let path: String
    private var known: Set<String> = []

    /// Begins with an object.
    ///
    /// - Parameters:
    ///   - value: What should be one.
    ///   - path: Where it is in the request; empty for the whole.
    /// - Throws: ``RequestError`` for anything else.
    init(_ value: FerryRuntime.JSONValue, at path: String = "") throws(RequestError) {
        guard case .object(let members) = value else {
            throw path.isEmpty
                ? RequestError(.notAnObject, "the request is \(value.kind), not an object")
                : RequestError(.invalidMember, "'\(path)' is \(value.kind), not an object", member: path)
        }
        self.members = members
        self.path = path
    }

    /// A member's name with where it is.
    func name(of member: String) -> String { path.isEmpty ? member : "\(path).\(member)" }

    /// A member; nil when it is missing or null.
    mutating func value(_ member: String) -> FerryRuntime.JSONValue? {
        known.insert(member)
        guard let value = members[member], value != .null else { return nil }
        return value
    }

    /// A member that must be there.
    mutating func required(_ member: String) throws(RequestError) -> FerryRuntime.JSONValue {
        guard let value = value(member) else { throw missing(member) }
        return value
    }

    mutating func string(_ member: String) throws(RequestError) -> String? {
        guard let value = value(member) else { return nil }
        guard case .string(let text) = value else { throw wrong(member, value, "a string") }
        return text
    }

    mutating func requiredString(_ member: String) throws(RequestError) -> String {
        guard let text = try string(member) else { throw missing(member) }
        return text
    }

    mutating func bool(_ member: String) throws(RequestError) -> Bool? {
        guard let value = value(member) else { return nil }
        guard case .bool(let flag) = value else { throw wrong(member, value, "a boolean") }
        return flag
    }

    mutating func number(_ member: String) throws(RequestError) -> Double? {
        guard let value = value(member) else { return nil }
        guard case .number(let number) = value else { throw wrong(member, value, "a number") }
        return number
    }

    mutating func list(_ member: String) throws(RequestError) -> [FerryRuntime.JSONValue] {
        guard let value = value(member) else { return [] }
        guard case .array(let list) = value else { throw wrong(member, value, "an array") }
        return list
    }

    mutating func strings(_ member: String) throws(RequestError) -> [String] {
        var strings: [String] = []
        for (index, value) in try list(member).enumerated() {
            guard case .string(let text) = value else { throw wrong("\(member)[\(index)]", value, "a string") }
            strings.append(text)
        }
        return strings
    }

    /// A path: a string, or under `MEMBER_b64` the bytes of a name that is not UTF-8.
    mutating func path(_ member: String) throws(RequestError) -> [UInt8]? {
        let text = try string(member)
        let encoded = try string(member + "_b64")
        let bytes: [UInt8]
        switch (text, encoded) {
        case (nil, nil): return nil
        case (.some, .some): throw invalid(member, "is there twice, as text and in base64")
        case (let text?, nil): bytes = Array(text.utf8)
        case (nil, let encoded?):
            guard let decoded = Base64.bytes(encoded) else { throw invalid(member + "_b64", "is not base64") }
            bytes = decoded
        }
        guard !bytes.isEmpty else { throw invalid(member, "is empty") }
        guard !bytes.contains(0) else { throw invalid(member, "holds a NUL character") }
        return bytes
    }

    mutating func requiredPath(_ member: String) throws(RequestError) -> [UInt8] {
        guard let path = try path(member) else { throw missing(member) }
        return path
    }

    /// One of some words.
    mutating func choice<Value>(_ member: String, _ values: [String: Value]) throws(RequestError) -> Value? {
        guard let text = try string(member) else { return nil }
        guard let value = values[text] else {
            throw invalid(member, "is none of \(values.keys.sorted().joined(separator: ", "))")
        }
        return value
    }

    /// Refuses members that nobody asked for.
    func finish() throws(RequestError) {
        guard let member = members.keys.filter({ !known.contains($0) }).min() else { return }
        let name = name(of: displayName(of: member.utf8))
        throw RequestError(.unknownMember, "there is no member '\(name)'", member: name)
    }

    /// A member that is not what it must be.
    func invalid(_ member: String, _ clause: String) -> RequestError {
        RequestError(.invalidMember, "'\(name(of: member))' \(clause)", member: name(of: member))
    }

    private func missing(_ member: String) -> RequestError {
        RequestError(.missingMember, "'\(name(of: member))' is missing", member: name(of: member))
    }

    private func wrong(_ member: String, _ value: FerryRuntime.JSONValue, _ wanted: String) -> RequestError {
        invalid(member, "is \(value.kind), not \(wanted)")
    }
}
