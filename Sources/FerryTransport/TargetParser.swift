import FerryCore

extension Target {
    /// Reads a target as it stands on the command line.
    ///
    /// - Parameters:
    ///   - text: The bytes.
    ///   - home: The user's home directory, for a path that begins with `~/`; nil when there is none.
    /// - Throws: ``TargetError``.
    public init(parsing text: [UInt8], home: [UInt8]?) throws(TargetError) {
        self = try TargetParser(text: text, home: home).parse()
    }
}

/// Takes a target apart.
struct TargetParser {
    let text: [UInt8]
    let home: [UInt8]?

    private static let colon = UInt8(ascii: ":")
    private static let slash = UInt8(ascii: "/")

    func parse() throws(TargetError) -> Target {
        guard !text.isEmpty else {
            throw TargetError(.incomplete, text, "an empty target", advice: "give a directory or a URL")
        }
        guard !text.contains(0) else {
            throw TargetError(.unsafePart, text, "it holds a NUL byte", advice: "no path can")
        }
        if text.elementsEqual("-".utf8) { return Target(.standardStream, path: [], text: text) }
        let firstSlash = text.firstIndex(of: Self.slash) ?? text.endIndex
        guard let colon = text[..<firstSlash].firstIndex(of: Self.colon) else {
            return Target(.directory, path: try localPath(text[...]), text: text)
        }
        let name = text[..<colon]
        let rest = text[(colon + 1)...]
        let scheme = TargetScheme.allCases.first { $0 != .standardStream && name.elementsEqual($0.rawValue.utf8) }
        guard let scheme else { throw unknown(name, rest) }
        switch scheme {
        case .directory, .tar: return Target(scheme, path: try localPath(rest), text: text)
        case .exec: return try command(rest)
        case .ssh: return try host(try authority(rest, scheme))
        case .kubernetes: return try pod(try afterSlashes(rest, scheme))
        case .docker: return try named(rest, scheme, "container") { .container($0) }
        case .e2b, .daytona, .vercel: return try named(rest, scheme, "sandbox") { .sandbox($0) }
        case .sandboxAgent: return try named(rest, scheme, "profile") { .profile($0) }
        case .standardStream: return Target(scheme, path: [], text: text)
        }
    }

    // MARK: This machine

    private func localPath(_ path: ArraySlice<UInt8>) throws(TargetError) -> [UInt8] {
        guard !path.isEmpty else {
            throw TargetError(.incomplete, text, "the path is missing", advice: "write it after the colon")
        }
        guard path.elementsEqual("~".utf8) || path.starts(with: "~/".utf8) else { return Array(path) }
        guard let home, !home.isEmpty else {
            throw TargetError(
                .noHome, text, "there is no home directory to put for '~'", advice: "set HOME or write the path in full"
            )
        }
        let below = path.dropFirst(2)
        if below.isEmpty { return home }
        return home + (home.last == Self.slash ? [] : [Self.slash]) + below
    }

    // MARK: Elsewhere

    private func named(
        _ rest: ArraySlice<UInt8>, _ scheme: TargetScheme, _ noun: String, _ make: ([UInt8]) -> Target.Authority
    ) throws(TargetError) -> Target {
        let (name, path) = try authority(rest, scheme)
        return Target(scheme, make(try checked(name, noun)), path: Array(path), text: text)
    }

    private func host(_ parts: (ArraySlice<UInt8>, ArraySlice<UInt8>)) throws(TargetError) -> Target {
        var (rest, path) = parts
        var user: [UInt8]?
        if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
            user = try checked(rest[..<at], "user")
            rest = rest[(at + 1)...]
        }
        var port: UInt16?
        let isBracketed = rest.first == UInt8(ascii: "[")
        let nameEnd = isBracketed ? rest.firstIndex(of: UInt8(ascii: "]")) : rest.firstIndex(of: Self.colon)
        if isBracketed && nameEnd == nil {
            throw TargetError(.incomplete, text, "the ']' of the address is missing", advice: "write ssh://[::1]/PATH")
        }
        let name = isBracketed ? rest[..<(nameEnd ?? rest.endIndex)].dropFirst() : rest[..<(nameEnd ?? rest.endIndex)]
        var tail = rest[(nameEnd ?? rest.endIndex)...]
        if isBracketed { tail = tail.dropFirst() }
        if let first = tail.first {
            let digits = tail.dropFirst()
            guard first == Self.colon, digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(String(decoding: digits, as: UTF8.self)), number > 0
            else {
                throw TargetError(
                    .badPort, text, "what follows the host is not a port", advice: "write \(TargetScheme.ssh.form)")
            }
            port = number
        }
        let authority = Target.Authority.host(user: user, name: try checked(name, "host"), port: port)
        return Target(.ssh, authority, path: Array(path), text: text)
    }

    private func pod(_ rest: ArraySlice<UInt8>) throws(TargetError) -> Target {
        guard let colon = rest.firstIndex(of: Self.colon), rest[(colon + 1)...].first == Self.slash else {
            throw incomplete(.kubernetes, "the ':/PATH' is missing")
        }
        let names = rest[..<colon].split(separator: Self.slash, omittingEmptySubsequences: false)
        guard names.count == 2 || names.count == 3 else {
            throw incomplete(.kubernetes, "a namespace and a pod are needed before the path")
        }
        let authority = Target.Authority.pod(
            namespace: try checked(names[0], "namespace"), name: try checked(names[1], "pod"),
            container: names.count == 3 ? try checked(names[2], "container") : nil)
        return Target(.kubernetes, authority, path: Array(rest[(colon + 1)...]), text: text)
    }

    private func command(_ rest: ArraySlice<UInt8>) throws(TargetError) -> Target {
        guard let colon = rest.firstIndex(of: Self.colon), rest[(colon + 1)...].first == Self.slash else {
            throw incomplete(.exec, "a profile and an absolute path are needed")
        }
        let profile = try checked(rest[..<colon], "profile")
        return Target(.exec, .profile(profile), path: Array(rest[(colon + 1)...]), text: text)
    }

    /// Splits `//AUTHORITY/PATH`; the path keeps its leading slash.
    private func authority(
        _ rest: ArraySlice<UInt8>, _ scheme: TargetScheme
    ) throws(TargetError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        let rest = try afterSlashes(rest, scheme)
        guard let slash = rest.firstIndex(of: Self.slash) else { throw incomplete(scheme, "the path is missing") }
        return (rest[..<slash], rest[slash...])
    }

    private func afterSlashes(_ rest: ArraySlice<UInt8>, _ scheme: TargetScheme) throws(TargetError) -> ArraySlice<
        UInt8
    > {
        guard rest.starts(with: "//".utf8) else {
            throw incomplete(scheme, "the '//' after '\(scheme.rawValue):' is missing")
        }
        return rest.dropFirst(2)
    }

    /// Lets through a name that no tool takes for an option and that holds nothing odd.
    private func checked(_ name: ArraySlice<UInt8>, _ noun: String) throws(TargetError) -> [UInt8] {
        guard let first = name.first else {
            throw TargetError(.incomplete, text, "the \(noun) is missing", advice: "name it")
        }
        guard first != UInt8(ascii: "-") else {
            throw TargetError(
                .unsafePart, text, "the \(noun) begins with '-' and would be taken for an option",
                advice: "use a name that does not")
        }
        guard name.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != Self.slash }) else {
            throw TargetError(
                .unsafePart, text, "the \(noun) holds a space or a control character", advice: "check the name")
        }
        return Array(name)
    }

    // MARK: Errors

    private func incomplete(_ scheme: TargetScheme, _ message: String) -> TargetError {
        TargetError(.incomplete, text, message, advice: "write \(scheme.form)")
    }

    private func unknown(_ name: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>) -> TargetError {
        let asDirectory = "a directory of this name is written './\(displayName(of: text))'"
        guard !rest.starts(with: "//".utf8) else {
            let known = TargetScheme.allCases.map { $0 == .standardStream ? "-" : "\($0.rawValue):" }
            return TargetError(
                .unknownScheme, text, "unknown scheme '\(displayName(of: name))'",
                advice: "the known ones are \(known.joined(separator: ", "))")
        }
        let path = rest.first == Self.slash ? displayName(of: rest) : "/~/\(displayName(of: rest))"
        return TargetError(
            .rsyncForm, text, "rsync's form for a remote path is not used here",
            advice: "write 'ssh://\(displayName(of: name))\(path)'; \(asDirectory)")
    }
}
