/// A compiled pattern with wildcards: where its steps are, and what can be asked before taking them.
struct IgnoreGlob: Sendable {
    /// The pattern's rank; see ``IgnoreIndex``.
    let rank: Int32
    let isDirectoryOnly: Bool
    /// Whether it matches the name and not the path.
    let matchesName: Bool
    /// The first step's byte; 256 when it has none.
    let firstByte: UInt16
    /// The fewest bytes it can match.
    let minimumLength: Int32
    /// Where its steps begin among those of all patterns.
    let start: Int32
    /// The number of steps up to and with the last one that matches a variable number of bytes.
    let headCount: Int32
    /// The number of steps behind the head; each matches one byte, so they are compared with the text's end.
    let tailCount: Int32

    init(rank: Int32, isDirectoryOnly: Bool, matchesName: Bool, tokens: [IgnoreToken], start: Int) {
        let tail = tokens.reversed().prefix { $0.isSingle }.count
        let singles = tokens.reduce(into: 0) { $0 += $1.isSingle || $1.operation == .someDirectories ? 1 : 0 }
        self.rank = rank
        self.isDirectoryOnly = isDirectoryOnly
        self.matchesName = matchesName
        self.firstByte = tokens.first?.literal.map(UInt16.init) ?? 256
        self.minimumLength = Int32(clamping: singles)
        self.start = Int32(start)
        self.headCount = Int32(tokens.count - tail)
        self.tailCount = Int32(tail)
    }
}

extension IgnoreGlob {
    /// Whether the whole text behind a position matches.
    ///
    /// Bounded: the tail is compared once, a star is tried at each byte of one component, a `**` at each component. It is
    /// enough to remember the last star and the last `**`, because an earlier one could not make the later ones reach a
    /// text that they do not reach by themselves. For the same reason nothing is tried again once the text has run out.
    ///
    /// - Parameters:
    ///   - text: The bytes that hold the text.
    ///   - lower: Where the text begins.
    ///   - tokens: The steps of all patterns.
    ///   - sets: The sets that they refer to.
    /// - Returns: Whether it matches.
    func matches(
        _ text: borrowing Span<UInt8>, from lower: Int, tokens: [IgnoreToken],
        sets: [IgnoreByteSet]
    ) -> Bool {
        let length = text.count - lower
        if length < Int(minimumLength) { return false }
        if firstByte < 256, UInt16(text[lower]) != firstByte { return false }
        if headCount == 0, length != Int(tailCount) { return false }
        let upper = text.count - Int(tailCount)
        let tail = Int(start) + Int(headCount)
        for index in 0..<Int(tailCount) where !tokens[tail + index].matches(text[upper + index], sets: sets) {
            return false
        }
        return headCount == 0 || headMatches(text, lower..<upper, tokens: tokens, sets: sets)
    }

    private func headMatches(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, tokens: [IgnoreToken],
        sets: [IgnoreByteSet]
    ) -> Bool {
        let last = Int(start) + Int(headCount) - 1
        var step = Int(start)
        var position = range.lowerBound
        // The step behind the last star and where it was tried last; the same for the last `**`.
        var star: (step: Int, position: Int)?
        var directories: (step: Int, position: Int)?
        while true {
            let token = tokens[step]
            var isMatch = false
            switch token.operation {
            case .byte, .any, .set:
                if position == range.upperBound { return false }
                isMatch = token.matches(text[position], sets: sets)
                if isMatch { position += 1 }
            case .star:
                if step == last {
                    if text.firstSlash(in: position..<range.upperBound) == nil { return true }
                    star = nil
                } else {
                    star = (step + 1, position)
                    isMatch = true
                }
            case .rest:
                return true
            case .anyDirectories, .someDirectories:
                let mayBeEmpty = token.operation == .anyDirectories
                if step == last {
                    if position == range.upperBound { return mayBeEmpty }
                    return text[range.upperBound - 1] == RelativePath.separator
                }
                star = nil
                if !mayBeEmpty {
                    guard let slash = text.firstSlash(in: position..<range.upperBound) else { return false }
                    position = slash + 1
                }
                directories = (step + 1, position)
                isMatch = true
            }
            if isMatch {
                step += 1
            } else if let tried = star, text[tried.position] != RelativePath.separator {
                star = (tried.step, tried.position + 1)
                (step, position) = (tried.step, tried.position + 1)
            } else if let tried = directories,
                let slash = text.firstSlash(in: tried.position..<range.upperBound)
            {
                star = nil
                directories = (tried.step, slash + 1)
                (step, position) = (tried.step, slash + 1)
            } else {
                return false
            }
        }
    }
}

extension IgnoreToken {
    /// Whether a step that matches one byte matches this one.
    fileprivate func matches(_ byte: UInt8, sets: [IgnoreByteSet]) -> Bool {
        switch operation {
        case .byte: literal == byte
        case .any: byte != RelativePath.separator
        case .set: sets[operand].contains(byte)
        case .star, .rest, .anyDirectories, .someDirectories: false
        }
    }
}

extension Span<UInt8> {
    /// The index of the first slash in a range.
    fileprivate func firstSlash(in range: Range<Int>) -> Int? {
        for index in range where self[index] == RelativePath.separator { return index }
        return nil
    }
}
