import CArchive

/// The codec's own words for its last failure.
@unsafe
func codecMessage(of archive: OpaquePointer?) -> String {
    guard let archive = unsafe archive else { return "out of memory" }
    guard let text = unsafe archive_error_string(archive) else { return "the codec failed without a reason" }
    return unsafe String(cString: text)
}
