import Testing

@testable import FerryRuntime

@Suite("Records of managed runtimes")
struct RuntimeRecordTests {
    private let record = RuntimeRecord(
        workspace: [47, 255], provider: "p:1", sandboxID: "s", requestedRemote: [126], remote: [47], adapterKey: "a",
        runtimeDirectoryName: ".r", syncsWorkspace: true, ownsSandbox: false, assetKeys: ["x", "é"], exclude: [],
        preserve: ["*.log"])

    @Test("a record that was written is read")
    func roundTrip() {
        var record = record
        #expect(RuntimeRecord(encoded: record.encoded) == record)
        record.phase = .ready
        record.ownsSandbox = true
        #expect(RuntimeRecord(encoded: record.encoded) == record)
    }

    @Test("anything else is no record, whatever is cut off or added")
    func damage() {
        let bytes = record.encoded
        for count in bytes.indices { #expect(RuntimeRecord(encoded: Array(bytes[..<count])) == nil) }
        #expect(RuntimeRecord(encoded: bytes + [0]) == nil)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            if let read = RuntimeRecord(encoded: changed) { #expect(read.encoded == changed) }
        }
    }

    @Test("another workspace, vendor, sandbox, directory or adapter is another record")
    func names() {
        var names: Set<String> = [record.name]
        for change: (inout RuntimeRecord) -> Void in [
            { $0.workspace = [47] }, { $0.provider = "p" }, { $0.sandboxID = "t" }, { $0.requestedRemote = [47] },
            { $0.adapterKey = "b" }, { ($0.provider, $0.sandboxID) = ("p", ":1s") },
        ] {
            var other = record
            change(&other)
            #expect(names.insert(other.name).inserted)
        }
        var same = record
        same.phase = .ready
        same.assetKeys = []
        #expect(same.name == record.name)
    }
}
