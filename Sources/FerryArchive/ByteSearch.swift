import Glibc

extension Span<UInt8> {
    /// Where the first NUL of a part is, found many bytes at a time.
    ///
    /// - Parameter range: The part.
    /// - Returns: Its place; nil when there is none.
    package func firstNUL(in range: Range<Int>) -> Int? {
        let part = extracting(range)
        // SAFETY: the part's own bytes and their number, which nobody changes meanwhile.
        return unsafe part.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress, let found = unsafe memchr(start, 0, bytes.count) else { return nil }
            return unsafe range.lowerBound + (UnsafeRawPointer(found) - UnsafeRawPointer(start))
        }
    }
}
