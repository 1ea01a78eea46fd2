import Crypto
package import SystemPackage

/// A file of ``BaselineStore`` while it is written: the bytes that it is given, and the SHA-256 of them all behind them.
package struct BaselineOutput: ~Copyable {
    /// Why a write failed.
    package typealias Failure = Errno

    private let file: FileHandle
    private var hash = SHA256()

    private static let pieceLength = 1 << 20

    init(_ file: consuming FileHandle) { self.file = file }

    /// Writes the next bytes.
    package mutating func write(_ bytes: ArraySlice<UInt8>) throws(Errno) {
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let piece = bytes[start..<min(start + Self.pieceLength, bytes.endIndex)]
            hash.update(data: piece)
            try file.write(piece.span)
            start = piece.endIndex
        }
    }

    /// Writes the checksum.
    ///
    /// - Parameter flushes: Whether to wait for the disk.
    /// - Throws: `Errno`; the file is of no use then.
    consuming func finish(flushes: Bool) throws(Errno) {
        try file.write(Array(hash.finalize()).span)
        if flushes { try file.synchronize() }
    }
}
