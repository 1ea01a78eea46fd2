import CArchive

/// The libarchive that this program runs with.
package enum ArchiveLibrary {
    /// Its version and those of the libraries that it uses.
    package static var version: String {
        // SAFETY: the library gives a static C string.
        unsafe String(cString: archive_version_details())
    }
}
