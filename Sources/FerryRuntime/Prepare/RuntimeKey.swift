import FerryCore

/// The rules for names that become directories in a sandbox.
enum RuntimeKey {
    /// More than a directory entry can have, less what a temporary name needs.
    private static let longest = 200
    /// What Ferry keeps for itself in a runtime directory.
    private static let own: Set<String> = ["ferry", "bridge"]

    /// Checks a key.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - noun: What it is, at the beginning of a sentence.
    /// - Returns: The name of the directory.
    /// - Throws: ``RuntimeError/Code/invalidKey``.
    static func checked(_ key: String, as noun: String) throws(RuntimeError) -> TerminatedName {
        let bytes = Array(key.utf8)
        let problem: String? =
            if bytes.isEmpty {
                "is empty"
            } else if bytes.count > longest {
                "has more than \(longest) bytes"
            } else if bytes.contains(UInt8(ascii: "/")) || bytes.contains(UInt8(ascii: "\\")) {
                "holds a '/' or a '\\'"
            } else if bytes.first == UInt8(ascii: ".") {
                "begins with a dot"
            } else if zip(bytes, bytes.dropFirst()).contains(where: { $0 == UInt8(ascii: ".") && $1 == $0 }) {
                "holds '..'"
            } else if key.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
                "holds a control character"
            } else if key.unicodeScalars.allSatisfy(\.properties.isWhitespace) {
                "is blank"
            } else if own.contains(key.lowercased()) {
                "is a name that Ferry keeps for itself"
            } else {
                nil
            }
        guard problem == nil, let name = try? TerminatedName(bytes) else {
            throw RuntimeError(
                .invalidKey, "\(noun), '\(displayName(of: bytes.prefix(longest)))', \(problem ?? "is no name").",
                advice: "Use letters, digits, '-' and '_'.")
        }
        return name
    }

    /// Checks the name of a runtime directory, which may begin with a dot.
    ///
    /// - Parameter name: The name.
    /// - Returns: The name of the directory.
    /// - Throws: ``RuntimeError/Code/invalidRequest``.
    static func checkedRuntimeDirectory(_ name: String) throws(RuntimeError) -> TerminatedName {
        let bytes = Array(name.utf8)
        let isOurs = bytes.starts(with: ReservedNames.temporaryPrefix) || name.lowercased() == ".git"
        guard !bytes.contains(UInt8(ascii: "\\")), bytes.count <= longest, !isOurs,
            !name.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }),
            let checked = try? TerminatedName(bytes)
        else {
            throw RuntimeError(
                .invalidRequest, "The name of the runtime directory, '\(displayName(of: bytes))', is not acceptable.",
                advice: "Use one name like '\(RuntimePreparation.standardRuntimeDirectoryName)'.")
        }
        return checked
    }

    /// A pattern that means exactly one name.
    static func literal(_ name: ArraySlice<UInt8>) -> [UInt8] {
        name.flatMap { Array("\\*?[!#".utf8).contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
    }
}
