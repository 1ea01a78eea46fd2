import FerryCore
import Testing

@Suite("RelativePath")
struct RelativePathTests {
    @Test(
        "only bytes that stay below the root become a path",
        arguments: [
            ("a", nil), ("a/b", nil), ("...", nil), (".a/..b", nil),
            ("", .empty), ("/a", .absolute), ("a/", .emptyComponent), ("a//b", .emptyComponent), (".", .dotComponent),
            ("a/./b", .dotComponent), ("..", .dotDotComponent), ("a/..", .dotDotComponent),
            ("a/../b", .dotDotComponent),
            ("a\0b", .containsNUL),
        ] as [(String, RelativePathError?)])
    func validation(text: String, expected: RelativePathError?) {
        #expect(RelativePath.problem(in: Array(text.utf8)) == expected)
    }

    @Test("a combining character after a slash does not hide the separator")
    func combiningCharacterDoesNotHideSeparator() throws {
        let path = try RelativePath(validating: Array("a/\u{301}b".utf8))
        #expect(path.depth == 2)
        #expect(RelativePath.problem(in: Array("../\u{301}b".utf8)) == .dotDotComponent)
    }

    @Test("a directory's content directly follows it in order")
    func order() throws {
        let sorted = try ["a", "a/b", "a/b/c", "a b", "a!", "a-b", "b"].map { try RelativePath(validating: $0.utf8) }
        #expect(
            sorted.shuffled().sorted() == [sorted[0], sorted[1], sorted[2], sorted[3], sorted[4], sorted[5], sorted[6]])
    }

    @Test("names that are not text are shown with escapes")
    func display() {
        #expect(displayName(of: [0x61, 0xFF, 0x0A]) == "a\\377\\012")
        #expect(displayName(of: Array("naïve\n".utf8)) == "naïve\\012")
        #expect(displayName(of: Array("a\\b".utf8)) == "a\\\\b")
    }
}
