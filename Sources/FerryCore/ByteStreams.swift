/// Something bytes can be read from, in order, once.
public protocol ByteSource: ~Copyable {
    /// The error a failed read throws.
    associatedtype Failure: Error

    /// Puts the next bytes at the front of the buffer, as many as are at hand and fit, at least one unless the source ended.
    ///
    /// - Parameter buffer: Where the bytes go; it has room for at least one.
    /// - Returns: The number of bytes put there; 0 means the end.
    /// - Throws: The source's failure. After one the source is not read again.
    mutating func read(into buffer: inout MutableSpan<UInt8>) throws(Failure) -> Int
}

/// Something bytes can be written to, in order.
public protocol ByteSink: ~Copyable {
    /// The error a failed write throws.
    associatedtype Failure: Error

    /// Writes all the bytes.
    ///
    /// - Parameter bytes: What to write.
    /// - Throws: The sink's failure. How much was written by then is unspecified.
    mutating func write(_ bytes: Span<UInt8>) throws(Failure)
}
