/// A command that runs in a sandbox, its input and output as streams.
///
/// One thread may write while another reads. ``terminate()`` may come from any thread at any time; whoever waits then gets
/// ``TransportError/Code/cancelled``.
public protocol SandboxProcess: AnyObject, Sendable {
    /// Sends bytes to the command's standard input; returns when all are handed over.
    ///
    /// - Throws: ``TransportError``; `closedInput` when the command no longer reads.
    func write(_ bytes: Span<UInt8>) throws(TransportError)

    /// Moves bytes from an open file's current position in the kernel, where the transport can.
    ///
    /// - Parameters:
    ///   - descriptor: The file; it stays the caller's.
    ///   - count: The most bytes to move.
    /// - Returns: How many were moved, 0 at the file's end; nil where it is not possible.
    /// - Throws: ``TransportError``.
    func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int?

    /// Ends the command's standard input.
    func closeInput() throws(TransportError)

    /// Waits for bytes of the command's standard output.
    ///
    /// - Parameter buffer: Where they go.
    /// - Returns: How many came; 0 at the end.
    /// - Throws: ``TransportError``.
    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int

    /// Closes the input if need be, discards what is left of the output, and waits for the command's end.
    ///
    /// - Returns: How it ended. May be asked again.
    /// - Throws: ``TransportError`` when that cannot be learnt, for example because the connection broke.
    func wait() throws(TransportError) -> SandboxExit

    /// Ends the command and everything that belongs to it on this side, and over there as far as the transport can.
    ///
    /// Does not wait; harmless when it has ended.
    func terminate()
}

extension SandboxProcess {
    /// There is no such way.
    public func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? { nil }
}

/// How a command ended.
public struct SandboxExit: Sendable, Hashable {
    /// Its exit status; 128 and the signal's number when a signal ended it.
    public var status: Int32
    /// The last 4,000 bytes of its standard error.
    public var errorTail: [UInt8]

    /// The most bytes of standard error that are kept.
    public static let longestErrorTail = 4_000

    /// Makes a result.
    public init(status: Int32, errorTail: [UInt8] = []) {
        self.status = status
        self.errorTail = errorTail
    }
}
