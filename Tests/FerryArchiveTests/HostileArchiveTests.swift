import FerryArchive
import FerryCore
import TestSupport
import Testing

@Suite("Hostile and damaged archives")
struct HostileArchiveTests {
    /// The code of the refusal; nil when the archive was taken.
    static func refusal(of archive: [UInt8], limits: ArchiveLimits = .default) -> ArchiveError.Code? {
        do throws(ArchiveError) {
            _ = try readAll(archive, limits: limits)
            return nil
        } catch {
            #expect(!error.advice.isEmpty && !error.reason.isEmpty)
            return error.code
        }
    }

    static func build(_ body: (inout TarBlockBuilder) -> Void) -> [UInt8] {
        var builder = TarBlockBuilder()
        body(&builder)
        return builder.ended()
    }

    @Test(
        "a name that could leave the root is refused, whichever header it comes from",
        arguments: [
            "/etc/passwd", "../x", "a/../../x", "..", "a/..", "a//b", "a/./b", ".//x", "./../x", "./", "x/.", "//",
        ])
    func names(name: String) {
        let bytes = Array(name.utf8)
        let archives = [
            HostileArchiveTests.build { $0.member(bytes, type: "2", link: [0x78]) },
            HostileArchiveTests.build {
                $0.pax([("path", bytes)])
                $0.member("good", type: "2", link: "x")
            },
            HostileArchiveTests.build {
                $0.long("L", bytes + [0])
                $0.member("good", type: "2", link: "x")
            },
            HostileArchiveTests.build { $0.member("good", type: "1", link: name) },
            HostileArchiveTests.build {
                $0.long("K", bytes + [0])
                $0.member("good", type: "1", link: "x")
            },
            HostileArchiveTests.build {
                $0.pax([("linkpath", bytes)])
                $0.member("good", type: "1", link: "x")
            },
        ]
        for (index, archive) in archives.enumerated() {
            #expect(HostileArchiveTests.refusal(of: archive) == .unsafePath, "\(index)")
        }
    }

    @Test("a name made unsafe by a sparse, a Solaris or a global header is refused")
    func otherHeaders() {
        let unsafeName = Array("../x".utf8)
        #expect(
            HostileArchiveTests.refusal(
                of: HostileArchiveTests.build {
                    $0.pax([
                        ("GNU.sparse.major", [0x31]), ("GNU.sparse.minor", [0x30]), ("GNU.sparse.name", unsafeName),
                        ("GNU.sparse.realsize", [0x31]),
                    ])
                    $0.member("good", content: "1\n0\n1\n" + String(repeating: "\0", count: 506) + "x")
                }) == .unsafePath)
        #expect(
            HostileArchiveTests.refusal(
                of: HostileArchiveTests.build {
                    $0.pax([("path", unsafeName)], type: "X")
                    $0.member("good")
                }) == .unsafePath)
        #expect(
            HostileArchiveTests.refusal(
                of: HostileArchiveTests.build {
                    $0.pax([("path", unsafeName)], type: "g")
                    $0.member("good")
                }) == .unsupported)
    }

    @Test("an empty name and a name that hides a NUL are refused")
    func emptyAndNUL() {
        let hidden = Array("good\0/../evil".utf8)
        let archives = [
            HostileArchiveTests.build { $0.member("") },
            HostileArchiveTests.build {
                $0.pax([("path", hidden)])
                $0.member("good")
            },
            HostileArchiveTests.build {
                $0.pax([("path", [])])
                $0.member("good")
            },
            HostileArchiveTests.build {
                $0.long("L", hidden)
                $0.member("good")
            },
            HostileArchiveTests.build {
                $0.pax([("linkpath", hidden)])
                $0.member("good", type: "2", link: "x")
            },
        ]
        for archive in archives { #expect(HostileArchiveTests.refusal(of: archive) != nil) }
    }

    @Test("a combining character after a slash hides no separator")
    func combining() throws {
        let archive = HostileArchiveTests.build {
            $0.pax([("path", Array("../\u{301}x".utf8))])
            $0.member("good")
        }
        #expect(HostileArchiveTests.refusal(of: archive) == .unsafePath)
    }

    @Test("a root member, in any spelling, is passed over")
    func root() throws {
        let archive = HostileArchiveTests.build {
            $0.member("./", type: "5", mode: 0)
            $0.member(".", type: "5")
            $0.member("././a", content: "x")
            $0.member("./d/", type: "5")
        }
        #expect(try readAll(archive).map(\.path) == ["a", "d"])
    }

    @Test("devices and fifos are handed out as kinds to skip, and mode bits beyond nine are dropped")
    func devices() throws {
        let archive = HostileArchiveTests.build {
            $0.member("c", type: "3")
            $0.member("b", type: "4")
            $0.member("p", type: "6")
            $0.member("s", mode: 0o7755)
        }
        let members = try readAll(archive)
        #expect(
            members.map(\.kind) == [.skipped(.characterDevice), .skipped(.blockDevice), .skipped(.fifo), .file])
        #expect(members.last?.mode == 0o755)
    }

    @Test("sizes that are negative, not numbers, too large or in disagreement are refused")
    func sizes() {
        let negative = [UInt8](repeating: 0xFF, count: 12)
        let enormous: [UInt8] = [0x80, 0, 0, 0, 0x7F] + [UInt8](repeating: 0xFF, count: 7)
        let overflow: [UInt8] = [0xBF] + [UInt8](repeating: 0xFF, count: 11)
        for size in [negative, enormous, overflow, Array("-0000000001".utf8), Array("0x10".utf8), Array("12z".utf8)] {
            let archive = HostileArchiveTests.build { $0.member(Array("a".utf8), size: size) }
            #expect(HostileArchiveTests.refusal(of: archive) != nil, "\(size)")
        }
        for size in ["512", "-1", "1e3", "", "0", "99999999999999999999"] {
            let archive = HostileArchiveTests.build {
                $0.pax([("size", Array(size.utf8))])
                $0.member("a", content: "12345")
            }
            #expect(HostileArchiveTests.refusal(of: archive) == .malformed, "\(size)")
        }
        let smuggled = HostileArchiveTests.build {
            $0.pax([("size", Array("512".utf8))])
            $0.member("a")
            $0.member("hidden")
        }
        #expect(HostileArchiveTests.refusal(of: smuggled) == .malformed)
    }

    @Test("a terabyte that is claimed and not there is a cut archive, and stops at the limit before")
    func claimedSize() {
        let terabyte: [UInt8] = [0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
        let archive = HostileArchiveTests.build { $0.member(Array("a".utf8), size: terabyte) }
        #expect(HostileArchiveTests.refusal(of: archive) == .truncated)
        var limits = ArchiveLimits()
        limits.contentBytes = 1 << 30
        #expect(HostileArchiveTests.refusal(of: archive, limits: limits) == .limitExceeded)
    }

    @Test("links, directories and devices with content are refused", arguments: ["1", "2", "3", "4", "5", "6"])
    func contentWhereNoneBelongs(type: Character) {
        let archive = HostileArchiveTests.build { $0.member("a", type: type, content: "x", link: "t") }
        #expect(HostileArchiveTests.refusal(of: archive) == .malformed)
    }

    @Test("a link without a target is refused", arguments: ["1", "2"])
    func missingTarget(type: Character) {
        let archive = HostileArchiveTests.build { $0.member("a", type: type) }
        #expect(HostileArchiveTests.refusal(of: archive) == .malformed)
    }

    @Test("two headers of one sort before a member are refused, and headers without a member")
    func chains() {
        let twice: [(inout TarBlockBuilder) -> Void] = [
            { $0.long("L", Array("a\0".utf8)) }, { $0.long("K", Array("a\0".utf8)) },
            { $0.pax([("path", Array("a".utf8))]) },
        ]
        for header in twice {
            #expect(
                HostileArchiveTests.refusal(
                    of: HostileArchiveTests.build {
                        header(&$0)
                        header(&$0)
                        $0.member("a", type: "2", link: "x")
                    }) == .malformed)
            #expect(HostileArchiveTests.refusal(of: HostileArchiveTests.build { header(&$0) }) == .malformed)
        }
        let both = HostileArchiveTests.build {
            $0.long("L", Array("a\0".utf8))
            $0.pax([("path", Array("b".utf8))])
            $0.member("c")
        }
        #expect(HostileArchiveTests.refusal(of: both) == .malformed)
    }

    @Test("limits are enforced by name: entries, depth, header bytes")
    func limits() throws {
        let archive = HostileArchiveTests.build { for name in ["a", "b", "c"] { $0.member(name) } }
        var limits = ArchiveLimits()
        limits.entries = 2
        let error = #expect(throws: ArchiveError.self) { try readAll(archive, limits: limits) }
        #expect(error?.code == .limitExceeded && error?.reason.contains("entries") == true)
        let deep = Array(String(repeating: "a/", count: 5_000).utf8)
        let nested = HostileArchiveTests.build {
            $0.pax([("path", deep)])
            $0.member("a", type: "5")
        }
        #expect(HostileArchiveTests.refusal(of: nested) == .limitExceeded)
        let long = HostileArchiveTests.build {
            $0.long("L", [UInt8](repeating: 0x61, count: 1 << 20))
            $0.member("a")
        }
        #expect(HostileArchiveTests.refusal(of: long) == .limitExceeded)
    }

    @Test("a wrong checksum is refused; one over signed bytes is right too")
    func checksums() throws {
        for offset in [1, -1, 64] {
            var builder = TarBlockBuilder()
            builder.member("first")
            builder.member(Array("second".utf8), checksumOffset: offset)
            #expect(HostileArchiveTests.refusal(of: builder.ended()) == .malformed)
        }
        let signed = HostileArchiveTests.build { $0.member([0x61, 0xE9], checksumOffset: -256) }
        #expect(try readAll(signed).count == 1)
    }

    @Test("every changed bit of a header is noticed, but for the filling of the checksum field")
    func bitFlips() {
        var builder = TarBlockBuilder()
        builder.member("first", content: "abc")
        builder.member("second", content: "def")
        let archive = builder.ended()
        for bit in 0..<(512 * 8) where !(148..<156).contains(bit / 8) {
            var flipped = archive
            flipped[1_024 + bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(HostileArchiveTests.refusal(of: flipped) != nil, "bit \(bit)")
        }
    }

    @Test("unknown member types are refused", arguments: ["A", "D", "M", "N", "V", "Z", "8"])
    func types(type: Character) {
        let archive = HostileArchiveTests.build { $0.member("a", type: type) }
        #expect(HostileArchiveTests.refusal(of: archive) == .unsupported)
    }
}
