import CArchive

/// The libarchive that this program runs with.
package enum ArchiveLibrary {
    /// Its version and those of the libraries that it uses, or why it cannot be loaded.
    package static var version: String {
        // SAFETY: the library gives a static C string, and where there is none, a failure's text is.
        guard let text = unsafe ferry_archive_version_details() else { return unsafe codecMessage(of: nil) }
        return unsafe String(cString: text)
    }
}
