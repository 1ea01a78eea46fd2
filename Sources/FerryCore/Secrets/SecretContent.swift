/// What the content of small files says about secrets.
///
/// Each token is a run of at least 26 letters, digits, `_` and `-`, but AWS's of 20 capitals and digits; a private key begins with 27
/// capitals, `-` and blanks. So one look at eight bytes out of 19 finds every run that could be one; only around those that could is
/// anything else looked at.
public enum SecretContent {
    /// Larger files are not looked into.
    public static let largestFile: Int64 = 64 << 10

    /// What makes a file of a certain name a secret.
    public enum Question: Sendable, Hashable {
        /// It has the first line of a private key.
        case pemKey
        /// It has a token of a registry, and not only the name of a variable.
        case npmLogin
        /// It has logins, and not only the name of a program that keeps them.
        case dockerLogin
    }

    /// The first rule that content meets; nil for none.
    ///
    /// - Parameters:
    ///   - bytes: The whole content.
    ///   - verdict: What the name says.
    /// - Returns: The rule.
    public static func rule(in bytes: Span<UInt8>, named verdict: SecretNames.Verdict = .ordinary) -> SecretRule? {
        if case .depends(let question) = verdict, answer(question, bytes) {
            return question == .pemKey ? .privateKey : .credentials
        }
        guard bytes.count >= shortestToken else { return nil }
        return search(bytes, classes.span)
    }

    // MARK: Runs

    private static let shortestToken = 20
    private static let shortestHeader = 27
    private static let tokenByte: UInt8 = 1
    private static let headerByte: UInt8 = 2

    private static let classes: [UInt8] = (0...255).map { value in
        let byte = UInt8(value)
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"): return tokenByte | headerByte
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            return tokenByte
        case UInt8(ascii: " "): return headerByte
        default: return 0
        }
    }

    /// Any 20 bytes hold two neighbours that begin at a multiple of this, any 26 bytes a whole window.
    private static let stride = 19

    private static func search(_ bytes: Span<UInt8>, _ classes: Span<UInt8>) -> SecretRule? {
        var position = 0
        // Where what was looked at ends: a long run is looked at once.
        var (tokenEnd, headerEnd) = (0, 0)
        while position + SecretWindow.size <= bytes.count {
            let window = SecretWindow(bytes, at: position)
            if window.mayBeInside, isLong(window, at: position, in: bytes),
                let rule = look(at: position, in: bytes, classes, &tokenEnd, &headerEnd)
            {
                return rule
            }
            position += stride
        }
        return position < bytes.count ? look(at: position, in: bytes, classes, &tokenEnd, &headerEnd) : nil
    }

    /// Whether what a window may be inside of may go on for eight bytes on one side of it at least.
    ///
    /// What is looked for is 26 bytes long or more and leaves 18 beside the window; a key of AWS leaves 18 beside the two.
    @inline(__always)
    private static func isLong(_ window: SecretWindow, at position: Int, in bytes: Span<UInt8>) -> Bool {
        let size = SecretWindow.size
        if position >= size, window.mayGoOn(in: SecretWindow(bytes, at: position - size)) { return true }
        if position + 2 * size <= bytes.count, window.mayGoOn(in: SecretWindow(bytes, at: position + size)) {
            return true
        }
        // A key of AWS that begins here has but two bytes in common with the window.
        return window.mayBeginWithCapitals && position + 2 + size <= bytes.count
            && SecretWindow(bytes, at: position + 2).mayBeCapitals
    }

    /// Looks at the runs that a position is in.
    @inline(never)
    private static func look(
        at position: Int, in bytes: Span<UInt8>, _ classes: Span<UInt8>, _ tokenEnd: inout Int, _ headerEnd: inout Int
    ) -> SecretRule? {
        let kinds = classes[Int(bytes[position])]
        if position >= tokenEnd, kinds & tokenByte != 0 {
            let run = run(around: position, of: tokenByte, in: bytes, classes)
            tokenEnd = run.upperBound
            if run.count >= shortestToken, let rule = SecretTokens.rule(in: bytes.extracting(run)) { return rule }
        }
        if position >= headerEnd, kinds & headerByte != 0 {
            let run = run(around: position, of: headerByte, in: bytes, classes)
            headerEnd = run.upperBound
            if run.count >= shortestHeader, isKeyHeader(bytes.extracting(run)), isKeyData(bytes, from: run.upperBound) {
                return .privateKey
            }
        }
        return nil
    }

    private static func run(
        around position: Int, of kind: UInt8, in bytes: Span<UInt8>, _ classes: Span<UInt8>
    ) -> Range<Int> {
        var start = position
        while start > 0, classes[Int(bytes[start - 1])] & kind != 0 { start -= 1 }
        var end = position + 1
        while end < bytes.count, classes[Int(bytes[end])] & kind != 0 { end += 1 }
        return start..<end
    }

    // MARK: Private keys

    private static let begin = Array("-----BEGIN ".utf8)
    private static let privateKey = Array("PRIVATE KEY".utf8)
    private static let end = Array("-----".utf8)

    /// Whether a run ends with `-----BEGIN … PRIVATE KEY-----`, or with that of a key block of PGP.
    private static func isKeyHeader(_ run: Span<UInt8>) -> Bool {
        guard let start = find(begin, in: run, from: 0),
            let middle = find(privateKey, in: run, from: start + begin.count)
        else { return false }
        return find(end, in: run, from: middle + privateKey.count) != nil
    }

    /// Whether a header is followed by what a key looks like: program code names headers too.
    ///
    /// In a string of JSON the line feed is `\n`.
    private static func isKeyData(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        var position = start
        while position < bytes.count, position < start + 8, isLineEnd(bytes[position]) { position += 1 }
        guard position > start else { return false }
        var count = 0
        while position < bytes.count, isBase64(bytes[position]) {
            position += 1
            count += 1
        }
        // Encrypted keys and those of PGP have a header line first, `Proc-Type: 4,ENCRYPTED`.
        return count >= 16 || position < bytes.count && count >= 4 && bytes[position] == UInt8(ascii: ":")
            || position < bytes.count && count >= 4 && bytes[position] == UInt8(ascii: "-")
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0A, 0x0D, UInt8(ascii: "\\"), UInt8(ascii: "n"), UInt8(ascii: "r"): true
        default: false
        }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    // MARK: Files of certain names

    private static func answer(_ question: Question, _ bytes: Span<UInt8>) -> Bool {
        switch question {
        case .pemKey:
            guard let start = find(begin, in: bytes, from: 0), let middle = find(privateKey, in: bytes, from: start)
            else { return false }
            // On the first line, but for what openssl says of a bag before it.
            return (start..<middle).allSatisfy { bytes[$0] != 0x0A }
        case .npmLogin:
            return ["_authToken", "_auth", "_password"].contains { hasValue(after: Array($0.utf8), in: bytes) }
        case .dockerLogin:
            return ["\"auth\"", "\"identitytoken\""].contains { hasValue(after: Array($0.utf8), in: bytes) }
        }
    }

    /// Whether a key has a value that is neither empty nor a variable's name.
    private static func hasValue(after key: [UInt8], in bytes: Span<UInt8>) -> Bool {
        var from = 0
        while let found = find(key, in: bytes, from: from) {
            from = found + key.count
            var position = from
            var hasSign = false
            while position < bytes.count {
                switch bytes[position] {
                case UInt8(ascii: "="), UInt8(ascii: ":"): hasSign = true
                case UInt8(ascii: " "), 0x09: break
                case UInt8(ascii: "\"") where hasSign: break
                default:
                    let byte = bytes[position]
                    if hasSign, isBase64(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") { return true }
                    position = bytes.count
                }
                position += 1
            }
        }
        return false
    }

    /// Where a sequence first comes; nil when it does not.
    static func find(_ wanted: [UInt8], in bytes: Span<UInt8>, from start: Int) -> Int? {
        guard let first = wanted.first, bytes.count >= wanted.count else { return nil }
        var position = start
        while position <= bytes.count - wanted.count {
            if bytes[position] == first, matches(wanted, in: bytes, at: position) { return position }
            position += 1
        }
        return nil
    }

    static func matches(_ wanted: [UInt8], in bytes: Span<UInt8>, at position: Int) -> Bool {
        guard position + wanted.count <= bytes.count else { return false }
        for offset in wanted.indices where bytes[position + offset] != wanted[offset] { return false }
        return true
    }
}
