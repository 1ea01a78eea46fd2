/// A compiled list of patterns: answers which one is the last to match.
///
/// A pattern's rank is twice its index, plus one when it is negated. The highest rank that matches decides.
final class IgnoreIndex: Sendable {
    /// Which texts a pattern matches.
    enum Reading: Sendable {
        /// What gitignore's language says.
        case language
        /// That, and the pattern's own text byte for byte.
        case languageOrLiteral
    }

    /// The patterns, the weakest first.
    let patterns: [IgnorePattern]
    private let names: IgnoreLiteralTable
    private let paths: IgnoreLiteralTable
    /// The patterns of the form `*.ext`, by what follows the star.
    private let extensions: IgnoreLiteralTable
    /// All other patterns, the highest rank first.
    private let globs: [IgnoreGlob]
    private let tokens: [IgnoreToken]
    private let sets: [IgnoreByteSet]

    init(_ patterns: [IgnorePattern], reading: Reading = .language) {
        var builder = Builder()
        for (index, pattern) in patterns.enumerated() {
            let rank = Int32(index * 2)
            builder.add(pattern, rank: pattern.isNegated ? rank + 1 : rank)
            if reading == .languageOrLiteral { builder.addLiteral(pattern, rank: rank) }
        }
        self.patterns = patterns
        names = builder.names
        paths = builder.paths
        extensions = builder.extensions
        globs = builder.globs.reversed()
        tokens = builder.tokens
        sets = builder.sets
    }

    /// Finds the last pattern that matches.
    ///
    /// - Parameters:
    ///   - path: The bytes of the path, up to their end.
    ///   - base: Where the part begins that the patterns' directory sees.
    ///   - nameStart: Where the last component begins.
    ///   - isDirectory: Whether the path is one of a directory.
    /// - Returns: Its rank; -1 when none matches.
    func rank(_ path: borrowing Span<UInt8>, base: Int, nameStart: Int, isDirectory: Bool) -> Int32 {
        var best: Int32 = -1
        if !names.isEmpty { best = names.rank(of: path, from: nameStart, isDirectory: isDirectory) }
        if !paths.isEmpty { best = max(best, paths.rank(of: path, from: base, isDirectory: isDirectory)) }
        if !extensions.isEmpty {
            var dot = path.count - 1
            while dot >= nameStart, path[dot] != UInt8(ascii: ".") { dot -= 1 }
            if dot >= nameStart { best = max(best, extensions.rank(of: path, from: dot, isDirectory: isDirectory)) }
        }
        for glob in globs {
            if glob.rank < best { break }
            if glob.isDirectoryOnly && !isDirectory { continue }
            if glob.matches(path, from: glob.matchesName ? nameStart : base, tokens: tokens, sets: sets) {
                return glob.rank
            }
        }
        return best
    }
}

extension IgnoreIndex {
    /// Sorts patterns into what finds them fastest.
    private struct Builder {
        var names = IgnoreLiteralTable()
        var paths = IgnoreLiteralTable()
        var extensions = IgnoreLiteralTable()
        var globs: [IgnoreGlob] = []
        var tokens: [IgnoreToken] = []
        var sets: [IgnoreByteSet] = []

        mutating func add(_ pattern: IgnorePattern, rank: Int32) {
            var compiler = IgnoreGlobCompiler(
                body: pattern.text[pattern.body], matchesPath: pattern.isAnchored, firstSet: sets.count)
            guard compiler.compile() else { return }
            let steps = compiler.tokens
            let literal = steps.compactMap(\.literal)
            if literal.count == steps.count {
                insert(literal, isPath: !compiler.matchesName, rank: rank, isDirectoryOnly: pattern.isDirectoryOnly)
            } else if compiler.matchesName, Builder.isExtension(steps, literal) {
                extensions.insert(literal.span, rank: rank, isDirectoryOnly: pattern.isDirectoryOnly)
            } else {
                globs.append(
                    IgnoreGlob(
                        rank: rank, isDirectoryOnly: pattern.isDirectoryOnly, matchesName: compiler.matchesName,
                        tokens: steps, start: tokens.count))
                tokens += steps
                sets += compiler.sets
            }
        }

        /// Adds a pattern's text as a name or path of its own.
        mutating func addLiteral(_ pattern: IgnorePattern, rank: Int32) {
            let lower = pattern.isNegated ? 0 : pattern.body.lowerBound
            let text = Array(pattern.text[lower..<pattern.body.upperBound])
            insert(text, isPath: pattern.isAnchored, rank: rank, isDirectoryOnly: pattern.isDirectoryOnly)
        }

        private mutating func insert(_ text: [UInt8], isPath: Bool, rank: Int32, isDirectoryOnly: Bool) {
            if isPath {
                paths.insert(text.span, rank: rank, isDirectoryOnly: isDirectoryOnly)
            } else {
                names.insert(text.span, rank: rank, isDirectoryOnly: isDirectoryOnly)
            }
        }

        private static func isExtension(_ steps: [IgnoreToken], _ literal: [UInt8]) -> Bool {
            let dot = UInt8(ascii: ".")
            return steps.first?.operation == .star && literal.count == steps.count - 1 && literal.first == dot
                && !literal.dropFirst().contains(dot)
        }
    }
}
