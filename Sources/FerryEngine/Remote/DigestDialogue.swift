import FerryCore
import FerryTransport

/// Asks for digests, a piece of names at a time, and reads the lines that answer it.
struct DigestDialogue {
    private let channel: RemoteChannel
    private let method: RemoteFacts.DigestMethod

    /// Few enough that a piece's answer stays small, enough that the way there and back is rarely waited for.
    private static let largestPiece = 64 << 10
    private static let longestAnswer = 8 << 20

    init(_ channel: RemoteChannel, _ method: RemoteFacts.DigestMethod) {
        self.channel = channel
        self.method = method
    }

    func run(_ paths: [[UInt8]]) throws(RemoteFailure) -> [[UInt8]?] {
        var result = [[UInt8]?](repeating: nil, count: paths.count)
        // `sha256sum` prints names with such bytes in another form, or in several lines.
        let isOdd = paths.map { $0.contains { $0 == 0x0A || $0 == 0x0D || $0 == UInt8(ascii: "\\") } }
        let plain = paths.indices.filter { !isOdd[$0] }
        let odd = paths.indices.filter { isOdd[$0] }
        if !plain.isEmpty { try ask("lines", plain, paths, &result) }
        if !odd.isEmpty { try ask("each", odd, paths, &result) }
        return result
    }

    private func ask(
        _ way: String, _ indices: [Int], _ paths: [[UInt8]], _ result: inout [[UInt8]?]
    ) throws(RemoteFailure) {
        do throws(TransportError) { try channel.send(line: "digest \(way)") } catch { throw .transport(error) }
        var next = indices.startIndex
        while next < indices.endIndex {
            var list = RemoteList(largestPiece: Self.largestPiece)
            var last = next
            while last < indices.endIndex,
                list.byteCount + paths[indices[last]].count + 3 <= Self.largestPiece
                    || last == next
            {
                list.append(paths[indices[last]])
                last += 1
            }
            do throws(TransportError) {
                for piece in list.pieces { try channel.send(Array("piece \(piece.count)\n".utf8) + piece) }
            } catch {
                throw .transport(error)
            }
            let lines = try channel.nextString(limit: Self.longestAnswer)
                .split(separator: 0x0A, omittingEmptySubsequences: true)
            if method == .sha256sum, way == "lines" {
                try readNamed(lines, indices[next..<last], paths, &result)
            } else {
                try readInOrder(lines, indices[next..<last], &result)
            }
            next = last
        }
        do throws(TransportError) { try channel.send(line: "end 0") } catch { throw .transport(error) }
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
