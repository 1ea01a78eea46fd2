// SAFETY: `base` always points at `capacity` bytes that only this value knows; every access is checked against `count` or
// made after `reserve`; the memory is freed once, in `deinit`. Spans of it live only as long as the closure they are given to,
// and that closure runs while the buffer is borrowed or exclusively accessed.
/// A growing run of bytes that is filled, handed on, emptied and filled again without a new allocation.
///
/// It has one owner, so it may move to another thread together with its content.
@safe
public struct ByteBuffer: ~Copyable, @unchecked Sendable {
    private var base: UnsafeMutablePointer<UInt8>
    /// The number of bytes in the buffer.
    public private(set) var count = 0
    /// The number of bytes that fit before the buffer has to grow.
    public private(set) var capacity: Int

    /// Makes an empty buffer.
    ///
    /// - Parameter capacity: The number of bytes to make room for.
    public init(capacity: Int = 0) {
        let capacity = max(capacity, 512)
        unsafe base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit {
        unsafe base.deallocate()
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { count == 0 }

    /// Makes room for so many more bytes.
    public mutating func reserve(_ additional: Int) {
        precondition(additional >= 0)
        guard capacity - count < additional else { return }
        let larger = max(count + additional, capacity * 2)
        let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe fresh.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = fresh
        capacity = larger
    }

    /// Appends bytes.
    public mutating func append(_ bytes: Span<UInt8>) {
        reserve(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + count).update(from: start, count: source.count)
        }
        count += bytes.count
    }

    /// Appends one byte.
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe base[count] = byte
        count += 1
    }

    /// Appends NULs.
    public mutating func appendZeros(_ number: Int) {
        reserve(number)
        unsafe (base + count).update(repeating: 0, count: number)
        count += number
    }

    /// Appends the NULs that fill up the last 512-byte block after content of the given size.
    public mutating func appendPadding(after size: Int64) {
        appendZeros(TarBlock.padding(after: size))
    }

    /// Appends what the body writes: the way to read a file straight into the buffer.
    ///
    /// - Parameters:
    ///   - limit: The size of the room that the body is given. Its bytes have any value at first.
    ///   - body: Fills the room from its front and returns the number of bytes that count.
    /// - Returns: What the body returned.
    /// - Throws: What the body throws; then nothing was appended.
    @discardableResult
    public mutating func append<Failure>(
        upTo limit: Int, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        reserve(limit)
        var room = unsafe MutableSpan(_unsafeStart: base + count, count: limit)
        let written = try body(&room)
        precondition(written >= 0 && written <= limit, "a reader claimed more bytes than it was given room for")
        count += written
        return written
    }

    /// Drops the bytes from the given count on.
    public mutating func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count)
        count = newCount
    }

    /// Drops all bytes and keeps the memory.
    public mutating func removeAll() {
        count = 0
    }

    /// Gives the bytes to the body for as long as it runs.
    public borrowing func withSpan<Result: ~Copyable, Failure>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe Span(_unsafeStart: base, count: count))
    }

    /// Gives some of the bytes to the body for as long as it runs.
    public borrowing func withSpan<Result: ~Copyable, Failure>(
        in range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return try body(unsafe Span(_unsafeStart: base + range.lowerBound, count: range.count))
    }

    /// Lets the body change some of the bytes in place.
    public mutating func withMutableSpan<Result: ~Copyable, Failure>(
        in range: Range<Int>, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var bytes = unsafe MutableSpan(_unsafeStart: base + range.lowerBound, count: range.count)
        return try body(&bytes)
    }

    /// A copy of the bytes.
    public borrowing func copy() -> [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: base, count: count))
    }

    /// The byte at an index.
    subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return unsafe base[index]
    }

    /// Where the next byte goes, with room for at least so many.
    @unsafe
    mutating func tail(reserving additional: Int) -> UnsafeMutablePointer<UInt8> {
        reserve(additional)
        return unsafe (base + count)
    }

    /// Counts bytes that were written at ``tail(reserving:)``.
    @unsafe
    mutating func advance(by written: Int) {
        precondition(written <= capacity - count)
        count += written
    }

    /// Appends the UTF-8 form of a text that the compiler knows.
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(Span(_unsafeElements: $0)) }
    }

    /// Appends a number in decimal.
    mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var digits: UInt64 = 1
        while rest / digits >= 10 { digits *= 10 }
        while digits > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / digits))
            rest %= digits
            digits /= 10
        }
    }

    /// Replaces the content with two runs of bytes and a slash after the first and the last, as asked.
    mutating func setPath(_ directory: Span<UInt8>, _ name: Span<UInt8>, trailingSlash: Bool) {
        removeAll()
        append(directory)
        if !directory.isEmpty { append(UInt8(ascii: "/")) }
        append(name)
        if trailingSlash { append(UInt8(ascii: "/")) }
    }
}
