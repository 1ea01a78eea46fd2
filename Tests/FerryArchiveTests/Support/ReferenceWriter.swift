import CArchive
import FerryArchive
import FerryCore

/// libarchive's pax writer, straight: what the hand-written headers must equal.
enum ReferenceWriter {
    /// How the writer is given up.
    enum Ending {
        /// Without a leak: freed, and what that writes is dropped. Failing first would leak 32 bytes.
        case dropping
        case failing
        case plain
    }

    static func header(
        of member: TarMember, path: [UInt8], target: [UInt8] = [], ending: Ending = .dropping
    ) -> [UInt8] {
        inUTF8Locale {
            let archive = unsafe archive_write_new()
            let entry = unsafe archive_entry_new()
            defer { unsafe archive_entry_free(entry) }
            unsafe archive_entry_copy_pathname(entry, path.map(CChar.init(bitPattern:)) + [0])
            let link = target.map(CChar.init(bitPattern:)) + [0]
            switch member.kind {
            case .file: unsafe archive_entry_set_filetype(entry, 0o100_000)
            case .directory: unsafe archive_entry_set_filetype(entry, 0o040_000)
            case .symlink:
                unsafe archive_entry_set_filetype(entry, 0o120_000)
                unsafe archive_entry_copy_symlink(entry, link)
            case .hardLink:
                unsafe archive_entry_set_filetype(entry, 0o100_000)
                unsafe archive_entry_copy_hardlink(entry, link)
            }
            unsafe archive_entry_set_perm(entry, mode_t(member.mode))
            unsafe archive_entry_set_size(entry, member.size)
            unsafe archive_entry_set_mtime(entry, Int(member.mtime.seconds), Int(member.mtime.nanoseconds))
            var output: [UInt8] = []
            var header: [UInt8] = []
            unsafe withUnsafeMutablePointer(to: &output) { sink in
                unsafe archive_write_set_format_pax(archive)
                unsafe archive_write_set_bytes_per_block(archive, 0)
                unsafe archive_write_open2(
                    archive, sink, nil,
                    { _, sink, bytes, count in
                        let all = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
                        unsafe sink?.assumingMemoryBound(to: [UInt8].self).pointee.append(contentsOf: all)
                        return count
                    }, nil, nil)
                unsafe archive_write_header(archive, entry)
                unsafe header = sink.pointee
                // Freed whole, a large member would be filled with NULs first.
                let isLarge = member.size > 1 << 20
                if ending == .failing || (ending == .dropping && isLarge) { unsafe archive_write_fail(archive) }
                unsafe archive_write_free(archive)
            }
            return ending == .dropping ? header : output
        }
    }
}
