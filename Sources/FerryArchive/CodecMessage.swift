import CArchive

/// The codec's own words for its last failure.
@unsafe
func codecMessage(of archive: OpaquePointer?) -> String {
    guard let archive = unsafe archive else {
        // SAFETY: where there is a text it is static.
        guard let reason = unsafe ferry_archive_failure() else { return "out of memory" }
        return unsafe String(cString: reason)
    }
    guard let text = unsafe ferry_archive_error_string(archive) else { return "the codec failed without a reason" }
    return unsafe String(cString: text)
}
