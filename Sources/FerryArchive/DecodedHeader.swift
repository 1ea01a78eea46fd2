import CArchive
import FerryCore
import Glibc

/// What libarchive says about a member.
// SAFETY: borrows libarchive's entry, which stays valid until the handle's next call; used at once and never kept.
@safe
struct DecodedHeader: ~Copyable {
    private let entry: OpaquePointer

    @unsafe
    init(_ entry: OpaquePointer) {
        unsafe self.entry = entry
    }

    /// Runs a call that may convert a name.
    ///
    /// When a conversion fails, libarchive takes an `ENOMEM` that any call before may have left in errno for its own and ends the
    /// process.
    private func converting<Value>(_ call: (OpaquePointer) -> Value) -> Value {
        errno = 0
        return unsafe call(entry)
    }

    /// The nine permission bits: setuid, setgid and sticky are not carried.
    var mode: UInt16 { UInt16(truncatingIfNeeded: unsafe ferry_archive_entry_perm(entry)) & 0o777 }
    /// The owner by numbers; root where they make no sense.
    var owner: RemoteOwner {
        RemoteOwner(
            user: UInt32(exactly: unsafe ferry_archive_entry_uid(entry)) ?? 0,
            group: UInt32(exactly: unsafe ferry_archive_entry_gid(entry)) ?? 0)
    }
    var size: Int64 { unsafe ferry_archive_entry_size(entry) }

    /// The kind; nil for a hard link and for what libarchive has no kind for.
    var kind: EntryKind? {
        guard !isHardLink else { return nil }
        switch unsafe ferry_archive_entry_filetype(entry) & 0o170_000 {
        case 0o100_000: return .file
        case 0o040_000: return .directory
        case 0o120_000: return .symlink
        case 0o010_000: return .fifo
        case 0o140_000: return .socket
        case 0o020_000: return .characterDevice
        case 0o060_000: return .blockDevice
        default: return nil
        }
    }

    var isHardLink: Bool { unsafe converting { unsafe ferry_archive_entry_hardlink($0) != nil } }

    /// Whether the name agrees with the auditor's.
    func hasName(_ name: [UInt8], mayBeNormalised: Bool) -> Bool {
        unsafe converting { unsafe DecodedHeader.agrees(ferry_archive_entry_pathname($0), name, mayBeNormalised) }
    }

    /// Whether the link's target agrees with the auditor's.
    func hasLinkTarget(_ target: [UInt8], mayBeNormalised: Bool) -> Bool {
        unsafe converting {
            let text = unsafe ferry_archive_entry_hardlink($0) ?? ferry_archive_entry_symlink($0)
            return unsafe DecodedHeader.agrees(text, target, mayBeNormalised)
        }
    }

    /// Whether a name of libarchive's is the given bytes.
    ///
    /// libarchive composes the characters of pax records (NFC), so what it says about those may only be equivalent; the bytes
    /// that count are the auditor's.
    @unsafe
    private static func agrees(_ text: UnsafePointer<CChar>?, _ bytes: [UInt8], _ mayBeNormalised: Bool) -> Bool {
        guard let text = unsafe text else { return false }
        let codec = unsafe UnsafeRawBufferPointer(start: text, count: strlen(text))
        let isSame =
            unsafe codec.count == bytes.count
            && bytes.withUnsafeBytes { ours in
                guard let start = ours.baseAddress else { return true }
                return unsafe memcmp(text, start, ours.count) == 0
            }
        if isSame { return true }
        guard mayBeNormalised, let ours = String(validating: bytes, as: UTF8.self),
            let theirs = unsafe String(validating: codec, as: UTF8.self)
        else { return false }
        return ours == theirs
    }
}
