import FerryCore
import FerryTransport

/// Asks for digests, a piece of names at a time, and reads the lines that answer it.
struct DigestDialogue {
    private let channel: RemoteChannel
    private let method: RemoteFacts.DigestMethod
    /// Whether everything is asked before the first answer is read.
    private let takesTurns: Bool

    /// Few enough that a piece's answer stays small, enough that the way there and back is rarely waited for.
    private static let largestPiece = 64 << 10
    private static let longestAnswer = 8 << 20

    init(_ channel: RemoteChannel, _ method: RemoteFacts.DigestMethod, takesTurns: Bool = false) {
        self.channel = channel
        self.method = method
        self.takesTurns = takesTurns
    }

    func run(_ paths: [[UInt8]]) throws(RemoteFailure) -> [[UInt8]?] {
        var result = [[UInt8]?](repeating: nil, count: paths.count)
        // `sha256sum` prints names with such bytes in another form, or in several lines.
        let isOdd = paths.map { $0.contains { $0 == 0x0A || $0 == 0x0D || $0 == UInt8(ascii: "\\") } }
        let plain = paths.indices.filter { !isOdd[$0] }
        let odd = paths.indices.filter { isOdd[$0] }
        let questions = [("lines", plain), ("each", odd)].filter { !$0.1.isEmpty }
            .map { (way: $0.0, parts: Self.parts(of: $0.1, paths)) }
        if takesTurns {
            for question in questions {
                try ask(question.way)
                for part in question.parts { try send(part, paths) }
                try end()
            }
        }
        for question in questions {
            if !takesTurns { try ask(question.way) }
            for part in question.parts {
                if !takesTurns { try send(part, paths) }
                try readAnswer(question.way, part, paths, &result)
            }
            if !takesTurns { try end() }
        }
        return result
    }

    private func ask(_ way: String) throws(RemoteFailure) { try send(line: "digest \(way)") }

    private func end() throws(RemoteFailure) { try send(line: "end 0") }

    private func send(line: String) throws(RemoteFailure) {
        do throws(TransportError) { try channel.send(line: line) } catch { throw .transport(error) }
    }

    private func send(_ part: ArraySlice<Int>, _ paths: [[UInt8]]) throws(RemoteFailure) {
        var list = RemoteList(largestPiece: Self.largestPiece)
        for index in part { list.append(paths[index]) }
        do throws(TransportError) {
            for piece in list.pieces { try channel.send(Array("piece \(piece.count)\n".utf8) + piece) }
        } catch {
            throw .transport(error)
        }
    }

    private func readAnswer(
        _ way: String, _ part: ArraySlice<Int>, _ paths: [[UInt8]], _ result: inout [[UInt8]?]
    ) throws(RemoteFailure) {
        let lines = try channel.nextString(limit: Self.longestAnswer)
            .split(separator: 0x0A, omittingEmptySubsequences: true)
        if method == .sha256sum, way == "lines" {
            try readNamed(lines, part, paths, &result)
        } else {
            try readInOrder(lines, part, &result)
        }
    }

    /// As many names in a row as one piece holds, and so on.
    private static func parts(of indices: [Int], _ paths: [[UInt8]]) -> [ArraySlice<Int>] {
        var parts: [ArraySlice<Int>] = []
        var (first, byteCount) = (indices.startIndex, 0)
        for position in indices.indices {
            let size = paths[indices[position]].count + 3
            if position > first, byteCount + size > largestPiece {
                parts.append(indices[first..<position])
                (first, byteCount) = (position, 0)
            }
            byteCount += size
        }
        if first < indices.endIndex { parts.append(indices[first...]) }
        return parts
    }

    /// Lines `DIGEST  ./NAME`, in the order asked for; names of what cannot be read are left out.
    private func readNamed(
        _ lines: [ArraySlice<UInt8>], _ indices: ArraySlice<Int>, _ paths: [[UInt8]], _ result: inout [[UInt8]?]
    ) throws(RemoteFailure) {
        var rest = indices
        for line in lines {
            guard let digest = Self.digest(line.prefix(64)), line.dropFirst(64).prefix(4).elementsEqual("  ./".utf8)
            else { throw surprise(line) }
            let name = line.dropFirst(68)
            while let index = rest.first, !name.elementsEqual(paths[index]) { rest = rest.dropFirst() }
            guard let index = rest.popFirst() else { throw surprise(line) }
            result[index] = digest
        }
    }

    /// A line for each name: its digest, or `-`.
    private func readInOrder(
        _ lines: [ArraySlice<UInt8>], _ indices: ArraySlice<Int>, _ result: inout [[UInt8]?]
    ) throws(RemoteFailure) {
        guard lines.count == indices.count else { throw surprise(lines.last ?? []) }
        for (line, index) in zip(lines, indices) {
            if line.elementsEqual("-".utf8) { continue }
            guard line.count == 64, let digest = Self.digest(line) else { throw surprise(line) }
            result[index] = digest
        }
    }

    private func surprise(_ line: ArraySlice<UInt8>) -> RemoteFailure { .transport(channel.surprise(Array(line))) }

    private static func digest(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count == 64 else { return nil }
        var digest: [UInt8] = []
        var high: UInt8 = 0
        for (position, byte) in text.enumerated() {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if position % 2 == 0 { high = value << 4 } else { digest.append(high | value) }
        }
        return digest
    }
}
