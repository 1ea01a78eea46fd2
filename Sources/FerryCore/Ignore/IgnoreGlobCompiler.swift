/// One step of a compiled pattern, in 32 bits: what to match above, its operand in the low 24.
struct IgnoreToken: Hashable, Sendable {
    enum Operation: UInt32 {
        /// Exactly the byte in the operand.
        case byte
        /// Any byte but a slash.
        case any
        /// A byte of the set whose index is the operand; never a slash.
        case set
        /// Any number of bytes without a slash.
        case star
        /// `**/`: nothing, or anything up to and with a slash.
        case anyDirectories
        /// `**\/`: anything up to and with a slash.
        case someDirectories
        /// `**` at the end: everything.
        case rest
    }

    private let bits: UInt32

    init(_ operation: Operation, _ operand: Int = 0) {
        bits = operation.rawValue << 24 | UInt32(operand)
    }

    var operation: Operation { Operation(rawValue: bits >> 24) ?? .rest }
    var operand: Int { Int(bits & 0xFF_FFFF) }
    /// Whether it matches exactly one byte.
    var isSingle: Bool { bits >> 24 <= Operation.set.rawValue }
    /// The byte, when it matches only that one.
    var literal: UInt8? { bits >> 24 == Operation.byte.rawValue ? UInt8(truncatingIfNeeded: bits) : nil }
}

/// Turns a pattern's body into steps, with the rules of git's wildmatch.
///
/// git matches the part before the first special byte on its own and starts its wildcard matcher behind it. Therefore
/// `**` directly behind that part counts as the beginning of a pattern: `/foo**/bar` matches `foo1/2/bar`. This is kept.
struct IgnoreGlobCompiler {
    private let body: [UInt8]
    private let matchesPath: Bool
    private var position = 0
    private(set) var tokens: [IgnoreToken] = []
    /// The sets that the steps refer to, the first one as `firstSet`.
    private(set) var sets: [IgnoreByteSet] = []
    private let firstSet: Int
    /// Whether the steps match the name alone; true also for `**/name`, which says the same as `name`.
    private(set) var matchesName = false

    /// Prepares to compile one pattern.
    ///
    /// - Parameters:
    ///   - body: The pattern without its `!` and its outer slashes.
    ///   - matchesPath: Whether it matches the path from its base instead of the name.
    ///   - firstSet: The number of sets that other patterns of the same index have.
    init(body: ArraySlice<UInt8>, matchesPath: Bool, firstSet: Int) {
        self.body = Array(body)
        self.matchesPath = matchesPath
        self.firstSet = firstSet
    }

    /// Compiles the body.
    ///
    /// - Returns: Whether the pattern can match anything; an open bracket without its end cannot.
    mutating func compile() -> Bool {
        let wildcards = body.firstIndex(where: IgnoreGlobCompiler.isSpecial) ?? body.count
        tokens.reserveCapacity(body.count)
        while position < body.count {
            let byte = body[position]
            switch byte {
            case UInt8(ascii: "\\"):
                guard position + 1 < body.count else { return false }
                tokens.append(IgnoreToken(.byte, Int(body[position + 1])))
                position += 2
            case UInt8(ascii: "?"):
                tokens.append(IgnoreToken(.any))
                position += 1
            case UInt8(ascii: "*"):
                compileStars(isStart: position == wildcards)
            case UInt8(ascii: "["):
                guard let set = parseClass() else { return false }
                tokens.append(IgnoreToken(.set, firstSet + sets.count))
                sets.append(set)
            default:
                tokens.append(IgnoreToken(.byte, Int(byte)))
                position += 1
            }
        }
        dropLeadingDirectories()
        return true
    }

    private mutating func compileStars(isStart: Bool) {
        let start = position
        while byte(at: position) == UInt8(ascii: "*") { position += 1 }
        let startsComponent = isStart || body[start - 1] == RelativePath.separator
        guard matchesPath, position - start >= 2, startsComponent else {
            tokens.append(IgnoreToken(.star))
            return
        }
        if position == body.count {
            tokens.append(IgnoreToken(.rest))
        } else if body[position] == RelativePath.separator {
            tokens.append(IgnoreToken(.anyDirectories))
            position += 1
        } else if body[position] == UInt8(ascii: "\\"), byte(at: position + 1) == RelativePath.separator {
            tokens.append(IgnoreToken(.someDirectories))
            position += 2
        } else {
            tokens.append(IgnoreToken(.star))
        }
    }

    private mutating func dropLeadingDirectories() {
        matchesName = !matchesPath
        guard matchesPath, tokens.count > 1, tokens[0].operation == .anyDirectories else { return }
        let inName = tokens.dropFirst().allSatisfy { token in
            token.operation == .star || token.isSingle && token.literal != RelativePath.separator
        }
        guard inName else { return }
        tokens.removeFirst()
        matchesName = true
    }

    /// Reads a bracket expression that begins at the position; nil when it is malformed, which never matches.
    private mutating func parseClass() -> IgnoreByteSet? {
        var set = IgnoreByteSet()
        position += 1
        let isNegated = byte(at: position) == UInt8(ascii: "!") || byte(at: position) == UInt8(ascii: "^")
        if isNegated { position += 1 }
        // The byte before, as the lower end of a range; 0 when it cannot be one. A first `]` stands for itself.
        var previous: UInt8 = 0
        repeat {
            guard let lower = parseClassItem(after: previous, into: &set) else { return nil }
            previous = lower
        } while byte(at: position) != UInt8(ascii: "]")
        position += 1
        if isNegated { set.invert() }
        set.remove(RelativePath.separator)
        return set
    }

    /// Reads one item of a bracket expression.
    ///
    /// - Returns: The byte that may begin a range, 0 when none may, nil when the expression is malformed.
    private mutating func parseClassItem(after previous: UInt8, into set: inout IgnoreByteSet) -> UInt8? {
        let byte = byte(at: position)
        switch byte {
        case 0:
            return nil
        case UInt8(ascii: "\\"):
            guard let escaped = readEscape() else { return nil }
            set.insert(escaped)
            return escaped
        case UInt8(ascii: "-") where previous != 0 && ![0, UInt8(ascii: "]")].contains(self.byte(at: position + 1)):
            position += 1
            var upper = self.byte(at: position)
            if upper == UInt8(ascii: "\\") {
                guard let escaped = readEscape() else { return nil }
                upper = escaped
            } else {
                position += 1
            }
            if previous <= upper { set.insert(previous...upper) }
            return 0
        case UInt8(ascii: "[") where self.byte(at: position + 1) == UInt8(ascii: ":"):
            return parseNamedClass(into: &set)
        default:
            set.insert(byte)
            position += 1
            return byte
        }
    }

    private mutating func parseNamedClass(into set: inout IgnoreByteSet) -> UInt8? {
        let name = position + 2
        guard let end = body[name...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
        guard end > name, body[end - 1] == UInt8(ascii: ":") else {
            // No `:]`: the bracket is an ordinary byte, and what follows it as well.
            set.insert(UInt8(ascii: "["))
            position += 1
            return UInt8(ascii: "[")
        }
        guard set.insert(classNamed: body[name..<(end - 1)]) else { return nil }
        position = end + 1
        return 0
    }

    /// Reads a backslash and the byte behind it; nil at the end.
    private mutating func readEscape() -> UInt8? {
        guard position + 1 < body.count else { return nil }
        position += 2
        return body[position - 1]
    }

    /// The byte at an index; 0, which no pattern contains, behind the end.
    private func byte(at index: Int) -> UInt8 {
        index < body.count ? body[index] : 0
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[")
            || byte == UInt8(ascii: "\\")
    }
}
