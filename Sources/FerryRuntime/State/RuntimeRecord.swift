import Crypto
import FerryCore
import FerryEngine
import FerryFileSystem

/// What is known on disk of one runtime, so that a host program that was started anew can restore and release it.
///
/// No credential is in it.
struct RuntimeRecord: Sendable, Equatable {
    /// How far it is.
    enum Phase: UInt8 {
        /// It was begun; the sandbox may hold a part of it.
        case preparing = 1
        /// All of it is there.
        case ready = 2
    }

    var phase = Phase.preparing
    /// The workspace's real path.
    var workspace: [UInt8]
    /// The vendor's name and the sandbox's identifier.
    var provider: String
    var sandboxID: String
    /// The workspace's directory over there, as it was asked for and as it is.
    var requestedRemote: [UInt8]
    var remote: [UInt8]
    var adapterKey: String
    var runtimeDirectoryName: String
    var syncsWorkspace: Bool
    var ownsSandbox: Bool
    /// The keys of all assets that may be over there.
    var assetKeys: [String]
    var exclude: [String]
    var preserve: [String]

    /// The record's name: one for each adapter, workspace and directory of a sandbox.
    var name: String {
        var hash = SHA256()
        for part in [workspace, Array(provider.utf8), Array(sandboxID.utf8), requestedRemote, Array(adapterKey.utf8)] {
            hash.update(data: Array("\(part.count):".utf8))
            hash.update(data: part)
        }
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension RuntimeRecord {
    private static let version = UInt8(ascii: "1")

    /// The form on disk: a version, flags, then parts with their lengths.
    var encoded: [UInt8] {
        var bytes: [UInt8] = [Self.version, phase.rawValue, (syncsWorkspace ? 1 : 0) | (ownsSandbox ? 2 : 0)]
        func add(_ part: some Collection<UInt8>) { bytes += Array("\(part.count):".utf8) + part }
        func add(_ list: [String]) {
            add("\(list.count)".utf8)
            for item in list { add(item.utf8) }
        }
        add(workspace)
        add(provider.utf8)
        add(sandboxID.utf8)
        add(requestedRemote)
        add(remote)
        add(adapterKey.utf8)
        add(runtimeDirectoryName.utf8)
        add(assetKeys)
        add(exclude)
        add(preserve)
        return bytes
    }

    /// Reads what ``encoded`` gave; nil when the bytes are anything else.
    init?(encoded bytes: [UInt8]) {
        guard bytes.count > 3, bytes[0] == Self.version, let phase = Phase(rawValue: bytes[1]), bytes[2] < 4 else {
            return nil
        }
        var reader = PartReader(rest: bytes[3...])
        guard let workspace = reader.part(), let provider = reader.text(), let sandboxID = reader.text(),
            let requestedRemote = reader.part(), let remote = reader.part(), let adapterKey = reader.text(),
            let runtimeDirectoryName = reader.text(), let assetKeys = reader.list(), let exclude = reader.list(),
            let preserve = reader.list(), reader.rest.isEmpty
        else { return nil }
        self.init(
            phase: phase, workspace: workspace, provider: provider, sandboxID: sandboxID,
            requestedRemote: requestedRemote, remote: remote, adapterKey: adapterKey,
            runtimeDirectoryName: runtimeDirectoryName, syncsWorkspace: bytes[2] & 1 != 0,
            ownsSandbox: bytes[2] & 2 != 0, assetKeys: assetKeys, exclude: exclude, preserve: preserve)
    }
}

/// Takes parts with their lengths off the front of bytes.
private struct PartReader {
    var rest: ArraySlice<UInt8>

    mutating func part() -> [UInt8]? {
        guard let colon = rest.prefix(20).firstIndex(of: UInt8(ascii: ":")),
            let count = Int(String(decoding: rest[..<colon], as: UTF8.self)), count >= 0,
            count <= rest.endIndex - colon - 1
        else { return nil }
        let part = rest[(colon + 1)..<(colon + 1 + count)]
        rest = rest[part.endIndex...]
        return Array(part)
    }

    mutating func text() -> String? { part().flatMap { String(validating: $0, as: UTF8.self) } }

    mutating func parts() -> [[UInt8]]? {
        guard let count = text().flatMap({ Int($0) }), count >= 0 else { return nil }
        var items: [[UInt8]] = []
        for _ in 0..<count {
            guard let item = part() else { return nil }
            items.append(item)
        }
        return items
    }

    mutating func list() -> [String]? {
        guard let parts = parts() else { return nil }
        let texts = parts.compactMap { String(validating: $0, as: UTF8.self) }
        return texts.count == parts.count ? texts : nil
    }
}
