/// Reads git's index file down to what `git ls-files --stage` prints.
///
/// Git rewrites an index whenever somebody runs `git status`: with what `stat` said of each file, and with caches of its own.
/// None of that is a change of the repository.
public enum GitIndexContent {
    /// The content of an index without what git only remembers to be faster.
    ///
    /// - Parameter bytes: The whole file.
    /// - Returns: Mode, object, stage, flags that a user sets, and path of each entry, in order; two indexes that say the same have the
    ///   same. Nil when the file is no index or is only a part of one (a split index), so that nothing is known.
    public static func canonical(_ bytes: [UInt8]) -> [UInt8]? {
        // Which hash a repository uses is in its configuration; here it shows by whether the file ends where it should.
        read(bytes, hashLength: 20) ?? read(bytes, hashLength: 32)
    }

    private static let statLength = 40

    private static func read(_ bytes: [UInt8], hashLength: Int) -> [UInt8]? {
        guard bytes.count >= 12 + hashLength, bytes.starts(with: Array("DIRC".utf8)) else { return nil }
        let version = number(bytes, at: 4, count: 4)
        guard (2...4).contains(version) else { return nil }
        let end = bytes.count - hashLength
        var position = 12
        var result: [UInt8] = []
        var path: [UInt8] = []
        for _ in 0..<number(bytes, at: 8, count: 4) {
            guard
                let next = entry(
                    bytes, at: position, end: end, version: version, hashLength: hashLength, path: &path,
                    into: &result)
            else { return nil }
            position = next
        }
        return hasOnlyKnownExtensions(bytes, from: position, to: end) ? result : nil
    }

    /// Reads one entry; returns where the next begins.
    private static func entry(
        _ bytes: [UInt8], at start: Int, end: Int, version: Int, hashLength: Int, path: inout [UInt8],
        into result: inout [UInt8]
    ) -> Int? {
        var position = start + statLength + hashLength + 2
        guard position <= end else { return nil }
        let flags = number(bytes, at: position - 2, count: 2)
        var further = 0
        if flags & 0x4000 != 0 {
            guard version >= 3, position + 2 <= end else { return nil }
            further = number(bytes, at: position, count: 2)
            position += 2
        }
        if version == 4 {
            guard let kept = prefixLength(bytes, at: &position, end: end), kept <= path.count else { return nil }
            path.removeLast(kept)
        } else {
            path.removeAll(keepingCapacity: true)
        }
        guard let zero = bytes[position..<end].firstIndex(of: 0) else { return nil }
        path.append(contentsOf: bytes[position..<zero])
        result.append(contentsOf: bytes[(start + 24)..<(start + 28)])
        result.append(contentsOf: bytes[(start + statLength)..<(start + statLength + hashLength)])
        // Stage, and what a user says of the file: assume-unchanged, skip-worktree, intent-to-add.
        result.append(UInt8(flags >> 8 & 0xB0))
        result.append(UInt8(further >> 8 & 0x60))
        result.append(contentsOf: path)
        result.append(0)
        if version == 4 { return zero + 1 }
        let next = start + ((zero - start) / 8 + 1) * 8
        return next <= end ? next : nil
    }

    /// How much of the path before a path of version 4 gives up at its end.
    private static func prefixLength(_ bytes: [UInt8], at position: inout Int, end: Int) -> Int? {
        var value = 0
        for count in 0..<5 {
            guard position < end else { return nil }
            let byte = bytes[position]
            position += 1
            if count > 0 { value += 1 }
            value = value << 7 | Int(byte & 0x7F)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    /// Whether what follows the entries is nothing but extensions that leave them as they are, and ends where it should.
    private static func hasOnlyKnownExtensions(_ bytes: [UInt8], from start: Int, to end: Int) -> Bool {
        var position = start
        while position + 8 <= end {
            let name = bytes[position..<(position + 4)]
            // Those that git may pass over begin with a capital letter.
            let isOptional = name.first.map { (0x41...0x5A).contains($0) } ?? false
            guard isOptional || name.elementsEqual("sdir".utf8) else { return false }
            position += 8 + number(bytes, at: position + 4, count: 4)
        }
        return position == end
    }

    private static func number(_ bytes: [UInt8], at start: Int, count: Int) -> Int {
        bytes[start..<(start + count)].reduce(0) { $0 << 8 | Int($1) }
    }
}
