import FerryArchive
import Testing

@Suite("Looking for bytes")
struct ByteSearchTests {
    @Test("the first NUL of a part is found, and none before it, behind it or outside it")
    func firstNUL() {
        let bytes: [UInt8] = [0, 1, 2, 0, 3, 0, 4]
        #expect(bytes.span.firstNUL(in: 0..<7) == 0)
        #expect(bytes.span.firstNUL(in: 1..<7) == 3)
        #expect(bytes.span.firstNUL(in: 4..<6) == 5)
        #expect(bytes.span.firstNUL(in: 4..<5) == nil)
        #expect(bytes.span.firstNUL(in: 6..<7) == nil)
        #expect(bytes.span.firstNUL(in: 3..<3) == nil)
        #expect([UInt8]().span.firstNUL(in: 0..<0) == nil)
    }
}
