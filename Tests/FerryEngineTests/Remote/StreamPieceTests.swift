import FerryCore
import FerryTransport
import Synchronization
import Testing

@testable import FerryEngine

/// A command that keeps what it is given.
private final class KeepingProcess: SandboxProcess {
    private let kept = Mutex<[UInt8]>([])

    var bytes: [UInt8] { kept.withLock { $0 } }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        kept.withLock { kept in for index in bytes.indices { kept.append(bytes[index]) } }
    }

    func closeInput() throws(TransportError) {}
    func wait() throws(TransportError) -> SandboxExit { SandboxExit(status: 0) }
    func terminate() {}
    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int { 0 }
}

@Suite("A stream in pieces")
struct StreamPieceTests {
    @Test(
        "is divided into pieces of half the longest to the longest length and a last one, however it was written",
        arguments: [[], [1], [99], [100], [101], [30, 30, 30, 30], [1_000], [99, 2, 399, 1], [0, 100, 0, 100]])
    func pieces(sizes: [Int]) throws {
        let process = KeepingProcess()
        var sink = ProcessSink(process, piece: 100)
        var written: [UInt8] = []
        for size in sizes {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: written.count + $0) }
            written += bytes
            try sink.write(bytes.span)
        }
        try sink.finish()
        var rest = process.bytes[...]
        var lengths: [Int] = []
        var received: [UInt8] = []
        while rest.starts(with: Array("piece ".utf8)) {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            let length = try #require(Int(String(decoding: line.dropFirst(6), as: UTF8.self)))
            lengths.append(length)
            received += rest.dropFirst(line.count + 1).prefix(length)
            rest = rest.dropFirst(line.count + 1 + length)
        }
        #expect(rest.elementsEqual(Array("end \(written.count)\n".utf8)))
        #expect(received == written)
        #expect(lengths.allSatisfy { $0 > 0 && $0 <= 100 } && lengths.dropLast().allSatisfy { $0 >= 50 })
    }

    @Test("goes as it is where the end of the input is certain")
    func plain() throws {
        let process = KeepingProcess()
        var sink = ProcessSink(process, piece: nil)
        try sink.write(Array("ab".utf8).span)
        try sink.write(Array("c".utf8).span)
        try sink.finish()
        #expect(process.bytes == Array("abc".utf8))
    }
}
