import FerryCore
import FerryTransport
import TestSupport
import Testing

@testable import FerryEngine

@Suite("A listing in the order of a walk")
struct WalkedListingTests {
    private static let root = ["d0 755 0 1 1 2 2 7 0 0", ".", ""]
    private static let end = ["MARK listed 0"]

    private static func read(
        _ strings: [String], _ request: RemoteListingRequest = RemoteListingRequest(whole: RemoteListingOptions()),
        piece: Int = .max
    ) throws -> RemoteListings {
        let nonce = RemoteNonce()
        let bytes = strings.flatMap { Array($0.replacing("MARK ", with: "=\(nonce.text) ").utf8) + [0] }
        let process = CannedProcess(bytes, piece: piece)
        let channel = RemoteChannel(process, sandbox: "test://walk", nonce: nonce, purpose: "listing")
        return try ListingDialogue(channel, request, isPartial: false).run()
    }

    private static func entry(_ depth: Int, _ name: String, _ kind: String = "f", _ target: String = "") -> [String] {
        ["\(kind)\(depth) 644 5 1.5 1.5 9 1 7 0 0", name, target]
    }

    private static func paths(_ listing: RemoteListing) -> [String] {
        listing.snapshot.allPaths.map { String(decoding: $0.path, as: UTF8.self) }.sorted()
    }

    @Test("gives the paths that depths and names tell, however it is cut on its way", arguments: [1, 2, 7, 64, .max])
    func paths(piece: Int) throws {
        let strings =
            Self.root + Self.entry(1, "a", "d") + Self.entry(2, "b", "d") + Self.entry(3, "c")
            + Self.entry(2, "e", "l", "x")
            + Self.entry(1, "f", "d") + Self.entry(2, "b") + Self.entry(1, "g") + Self.end
        let listing = try Self.read(strings, piece: piece).first
        #expect(Self.paths(listing) == ["a", "a/b", "a/b/c", "a/e", "f", "f/b", "g"])
        let link = try #require(listing.snapshot.entry(at: RelativePath(validating: Array("a/e".utf8))))
        #expect(listing.snapshot.target(of: link).elementsEqual("x".utf8))
    }

    @Test(
        "takes names that look like something else for names",
        arguments: [
            "-print", "*", "a\nb", "\n", "...", ".a", "!", "@", "%", "%f", "MARK listed 0", "d1 755 0 1 1 2 2 7 0 0",
            " ", "\\0", "..a", "é", String(repeating: "n", count: 255),
        ])
    func oddNames(name: String) throws {
        let strings = Self.root + Self.entry(1, name, "d") + Self.entry(2, name) + Self.end
        // What stands for a mark is longer on its way.
        let paths = Self.paths(try Self.read(strings).first)
        #expect(paths.count == 2 && (name.hasPrefix("MARK") || paths == [name, name + "/" + name]))
    }

    @Test(
        "is refused when it tells what no walk tells",
        arguments: [
            // Depths that jump, and what is below a file, a link or nothing.
            root + entry(2, "a"), root + entry(1, "a", "d") + entry(3, "b"), root + entry(1, "a") + entry(2, "b"),
            root + entry(1, "a", "l", "x") + entry(2, "b"), root + entry(1, "a", "d") + entry(1, "b") + entry(2, "c"),
            entry(1, "a") + root, entry(1, "a"),
            // The directory itself: twice, late, by another name, as a file.
            root + root, root + entry(1, "a", "d") + root, ["d0 755 0 1 1 2 2 7 0 0", "a", ""],
            ["d0 755 0 1 1 2 2 7 0 0", "", ""], ["f0 755 0 1 1 2 2 7 0 0", ".", ""],
            // Names that are none.
            root + entry(1, ""), root + entry(1, "."), root + entry(1, ".."), root + entry(1, "a/b"),
            root + entry(1, "/"), root + entry(1, "/a"), root + entry(1, "a/"),
            root + entry(1, String(repeating: "n", count: 256)),
            // One name twice.
            root + entry(1, "a") + entry(1, "a"), root + entry(1, "a", "d") + entry(1, "b") + entry(1, "a", "d"),
            // Numbers and kinds that are none.
            root + ["f01x 644 5 1 1 9 1 7 0 0", "a", ""],
            root + ["f99999999999999999999 644 5 1 1 9 1 7 0 0", "a", ""],
            root + ["U1 644 5 1 1 9 1 7 0 0", "a", ""], root + ["f1 644 5 1 1 9 1 7 0", "a", ""],
            root + ["f1", "a", ""],
            root + ["ff1 644 5 1 1 9 1 7 0 0", "a", ""], root + ["f-1 644 5 1 1 9 1 7 0 0", "a", ""],
            // A link's target of what is none.
            root + entry(1, "a", "f", "target"), root + entry(1, "a", "d", "target"),
        ])
    func lies(strings: [String]) {
        #expect(RefusedListing.thrown { _ = try Self.read(strings + Self.end) } != nil, "\(strings)")
        #expect(RefusedListing.thrown { _ = try Self.read(strings + Self.end, piece: 1) } != nil, "\(strings)")
    }

    @Test("may mix with paths that are told in full, as those of what cannot be read are")
    func unreadable() throws {
        let strings =
            Self.root + Self.entry(1, "a", "d") + Self.entry(2, "b", "d") + ["!", "./a/b", ""] + Self.entry(2, "c")
            + ["f 644 5 1.5 1.5 9 1 7 0 0", "./full", ""] + Self.entry(2, "d") + Self.end
        let listing = try Self.read(strings).first
        #expect(Self.paths(listing) == ["a", "a/b", "a/c", "a/d", "full"])
        let closed = try #require(listing.snapshot.entry(at: RelativePath(validating: Array("a/b".utf8))))
        #expect(listing.snapshot[closed].flags.isSuperset(of: [.unreadable, .holdsUnlisted]))
        #expect(listing.problems.map(\.path) == [Array("a/b".utf8)])
    }

    @Test("is divided into trees as one with full paths is")
    func divided() throws {
        let request = RemoteListingRequest([RemoteListingPart(), RemoteListingPart(place: Array("p/q".utf8))])
        let strings =
            Self.root + Self.entry(1, "a") + Self.entry(1, "p", "d") + Self.entry(2, "b") + Self.entry(2, "q", "d")
            + Self.entry(3, "c", "d") + Self.entry(4, "d") + Self.end
        let listings = try Self.read(strings, request)
        #expect(Self.paths(listings.parts[0]) == ["a", "p", "p/b"] && Self.paths(listings.parts[1]) == ["c", "c/d"])
    }

    @Test("stops at the limits, and what paths would have taken in full counts as bytes", arguments: [true, false])
    func limits(isDeep: Bool) throws {
        var options = RemoteListingOptions()
        if isDeep { options.limits.depth = 50 } else { options.limits.listingBytes = 1 << 20 }
        var strings = Self.root
        for depth in 1...(isDeep ? 51 : 50) { strings += Self.entry(depth, String(repeating: "n", count: 200), "d") }
        for number in 0..<200 { strings += Self.entry(51, "\(number)") }
        let request = RemoteListingRequest(whole: options)
        let error = try #require(RefusedListing.thrown { _ = try Self.read(strings + Self.end, request) })
        #expect(error.reason.contains(isDeep ? "'depth'" : "'listing bytes'"), "\(error)")
    }

    @Test("begins anew where the sandbox does")
    func again() throws {
        let first = Self.root + Self.entry(1, "a", "d") + Self.entry(2, "b")
        let strings = first + ["MARK again"] + Self.root + Self.entry(1, "c") + Self.end
        #expect(Self.paths(try Self.read(strings).first) == ["c"])
        #expect(
            RefusedListing.thrown { _ = try Self.read(first + ["MARK again"] + Self.entry(1, "c") + Self.end) } != nil)
    }
}
