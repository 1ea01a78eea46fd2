import FerryCore

/// Strings on their way into a sandbox, each with a NUL behind it, in pieces that hold whole strings.
struct RemoteList: Sendable {
    private(set) var pieces: [[UInt8]] = []
    private(set) var byteCount = 0
    private(set) var count = 0
    private let largestPiece: Int

    init(largestPiece: Int = RemoteScript.largestPiece) {
        self.largestPiece = largestPiece
    }

    /// Makes a list of paths, each with `./` in front, so that no tool takes one for an option.
    init(_ paths: some Sequence<[UInt8]>, largestPiece: Int = RemoteScript.largestPiece) {
        self.init(largestPiece: largestPiece)
        for path in paths { append(path) }
    }

    var isEmpty: Bool { count == 0 }

    /// Adds a path, with something in front of it.
    mutating func append(_ path: [UInt8], prefix: [UInt8] = []) {
        let length = prefix.count + path.count + 3
        if pieces.isEmpty || pieces[pieces.count - 1].count + length > largestPiece { pieces.append([]) }
        let last = pieces.count - 1
        pieces[last] += prefix
        pieces[last] += [UInt8(ascii: "."), RelativePath.separator]
        pieces[last] += path
        pieces[last].append(0)
        byteCount += length
        count += 1
    }
}
