import CArchive
import Glibc

/// libarchive's reader, straight: what it lets pass.
enum ReferenceReader {
    /// The names of the members up to a clean end; nil when libarchive refuses.
    static func members(_ archive: [UInt8], acceptingRetry: Bool = false) -> [[UInt8]]? {
        inUTF8Locale {
            let reader = unsafe archive_read_new()
            defer { unsafe archive_read_free(reader) }
            unsafe archive_read_support_format_tar(reader)
            unsafe archive_read_support_filter_gzip(reader)
            return unsafe archive.withUnsafeBytes { bytes in
                guard unsafe archive_read_open_memory(reader, bytes.baseAddress, bytes.count) == ARCHIVE_OK else {
                    return nil
                }
                var names: [[UInt8]] = []
                var entry: OpaquePointer?
                while true {
                    switch unsafe archive_read_next_header(reader, &entry) {
                    case ARCHIVE_OK:
                        // A stale ENOMEM would make libarchive end the process when it cannot convert the name.
                        errno = 0
                        guard let name = unsafe archive_entry_pathname(entry) else { return nil }
                        unsafe names.append(Array(String(cString: name).utf8))
                    case ARCHIVE_RETRY where acceptingRetry: continue
                    case ARCHIVE_EOF: return names
                    default: return nil
                    }
                }
            }
        }
    }
}
