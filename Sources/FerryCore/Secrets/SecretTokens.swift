/// The tokens that are known by what they begin with.
///
/// With their prefixes they are 26 bytes long at least, AWS's keys 20: the search relies on that.
enum SecretTokens {
    /// One form.
    private struct Form {
        var rule: SecretRule
        var prefix: [UInt8]
        /// How many bytes follow at least, and at most.
        var length: ClosedRange<Int>
        var allowed: Alphabet

        init(_ rule: SecretRule, _ prefix: String, _ length: ClosedRange<Int>, _ allowed: Alphabet) {
            self.rule = rule
            self.prefix = Array(prefix.utf8)
            self.length = length
            self.allowed = allowed
        }
    }

    /// What a token is made of after its prefix.
    private enum Alphabet {
        case capitalsAndDigits, lettersAndDigits, word, wordAndHyphen, hyphenated
    }

    private static let forms: [Form] =
        [
            Form(.awsKey, "AKIA", 16...16, .capitalsAndDigits),
            Form(.awsKey, "ASIA", 16...16, .capitalsAndDigits),
            Form(.githubToken, "github_pat_", 22...255, .word),
            Form(.gitlabToken, "glpat-", 20...255, .wordAndHyphen),
            Form(.stripeKey, "sk_live_", 24...255, .lettersAndDigits),
            Form(.stripeKey, "rk_live_", 24...255, .lettersAndDigits),
            Form(.googleKey, "AIza", 35...35, .wordAndHyphen),
            Form(.anthropicKey, "sk-ant-", 20...255, .wordAndHyphen),
            Form(.openAIKey, "sk-proj-", 20...255, .wordAndHyphen),
            Form(.npmToken, "npm_", 36...36, .lettersAndDigits),
        ]
        + ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map { Form(.githubToken, $0, 36...255, .lettersAndDigits) }
        + ["xoxb-", "xoxa-", "xoxp-", "xoxr-", "xoxs-"].map { Form(.slackToken, $0, 24...255, .hyphenated) }

    /// The first bytes of all forms.
    private static func mayBegin(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A"), UInt8(ascii: "g"), UInt8(ascii: "s"), UInt8(ascii: "r"), UInt8(ascii: "n"),
            UInt8(ascii: "x"):
            true
        default: false
        }
    }

    /// The rule that a run of letters, digits, `_` and `-` meets; nil for none.
    static func rule(in run: Span<UInt8>) -> SecretRule? {
        var position = 0
        while position + 20 <= run.count {
            // A token begins where a word does.
            let isStart = position == 0 || !isLetterOrDigit(run[position - 1])
            if isStart, mayBegin(run[position]), let rule = rule(in: run, at: position) { return rule }
            position += 1
        }
        return nil
    }

    private static func rule(in run: Span<UInt8>, at position: Int) -> SecretRule? {
        for form in forms where SecretContent.matches(form.prefix, in: run, at: position) {
            let start = position + form.prefix.count
            var end = start
            while end < run.count, isAllowed(run[end], form.allowed) { end += 1 }
            guard form.length.contains(end - start) else { continue }
            // A fixed length ends where the word does.
            if form.length.lowerBound == form.length.upperBound, end < run.count, isLetterOrDigit(run[end]) { continue }
            if isReal(run.extracting(start..<end), form) { return form.rule }
        }
        return nil
    }

    /// Whether it is more than a placeholder of documentation: `xxxx…`, `your-token-here`, AWS's own `…EXAMPLE`.
    private static func isReal(_ body: Span<UInt8>, _ form: Form) -> Bool {
        var seen: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for index in body.indices {
            let byte = body[index]
            if byte < 64 { seen.0 |= 1 << UInt64(byte) } else { seen.1 |= 1 << UInt64(byte & 63) }
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { digits += 1 }
        }
        let distinct = seen.0.nonzeroBitCount + seen.1.nonzeroBitCount
        guard distinct >= 8, digits > 0 || form.rule == .awsKey else { return false }
        if form.rule == .slackToken, digits < 4 { return false }
        return SecretContent.find(Array("EXAMPLE".utf8), in: body, from: 0) == nil
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isAllowed(_ byte: UInt8, _ alphabet: Alphabet) -> Bool {
        switch alphabet {
        case .capitalsAndDigits:
            isLetterOrDigit(byte) && byte < UInt8(ascii: "a")
        case .lettersAndDigits: isLetterOrDigit(byte)
        case .word: isLetterOrDigit(byte) || byte == UInt8(ascii: "_")
        case .hyphenated: isLetterOrDigit(byte) || byte == UInt8(ascii: "-")
        case .wordAndHyphen: isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }
}
