import CCurl

/// What the library's callbacks of one transfer work on.
///
/// Only the thread that drives the transfer touches it. Where one side has nothing to give or no room, the direction pauses: that
/// is the back-pressure.
@safe
final class TransferContext {
    /// The beginning of the response.
    var head = ResponseHead()
    /// The most bytes of header fields.
    var largestHead = 0
    /// A line of the head that no response can have, or too many of them.
    var headProblem: HTTPError.Code?

    // SAFETY: both are set by ``HTTPExchange`` for the time of one call and cleared before the memory goes.
    private var source: UnsafeRawBufferPointer?
    private var target: UnsafeMutableRawBufferPointer?
    /// How many bytes of the source are not taken yet.
    var sourceLeft: Int { unsafe source?.count ?? 0 }
    /// Whether nothing comes after the source.
    var sourceEnds = false
    /// Whether the library knows that.
    private(set) var endIsTaken = false
    /// How many bytes went to the target.
    private(set) var filled = 0
    /// Whether the library waits to be told to go on.
    var isPaused = false
    /// Grows with every byte that moves.
    private(set) var movement = 0

    /// Body bytes that came when there was no room for them: at most one piece of the library's, 16 KiB.
    private var spill: [UInt8] = []
    private var spillStart = 0
    var hasSpill: Bool { spillStart < spill.count }

    // SAFETY: allocated here, freed in deinit; the library writes a text that ends with a NUL.
    let message = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init() {
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe message.deallocate()
    }

    /// What the library last complained of.
    var messageText: String {
        let text = unsafe String(cString: message)
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }

    /// Forgets everything, for the next transfer.
    func reset() {
        head = ResponseHead()
        headProblem = nil
        unsafe source = nil
        unsafe target = nil
        (sourceEnds, endIsTaken, isPaused) = (false, false, false)
        (filled, movement, spillStart) = (0, 0, 0)
        spill.removeAll(keepingCapacity: true)
        unsafe message.pointee = 0
    }

    // MARK: The two ends

    /// Offers bytes to the library while the body runs.
    @unsafe func withSource<Value>(_ bytes: UnsafeRawBufferPointer, _ body: () -> Value) -> Value {
        unsafe source = bytes
        defer { unsafe source = nil }
        return body()
    }

    /// Offers room to the library while the body runs; what had spilt goes there first.
    @unsafe func withTarget<Value>(_ room: UnsafeMutableRawBufferPointer, _ body: () -> Value) -> Value {
        unsafe target = room
        filled = 0
        defer { unsafe target = nil }
        if hasSpill {
            let count = unsafe spill[spillStart...].withUnsafeBytes { unsafe put($0) }
            spillStart += count
            if !hasSpill {
                spill.removeAll(keepingCapacity: true)
                spillStart = 0
            }
        }
        return body()
    }

    /// Puts as many bytes into the target as fit.
    private func put(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let target = unsafe target else { return 0 }
        let count = min(target.count - filled, bytes.count)
        if count > 0 {
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[filled..<(filled + count)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            filled += count
        }
        return count
    }

    // MARK: What the library calls

    private func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
        guard let bytes = unsafe source, unsafe !bytes.isEmpty else {
            if sourceEnds {
                endIsTaken = true
                return 0
            }
            isPaused = true
            return ferry_curl_read_pause()
        }
        let count = min(bytes.count, room.count)
        unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        unsafe source = UnsafeRawBufferPointer(rebasing: bytes[count...])
        movement += count
        return count
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        if hasSpill {
            isPaused = true
            return ferry_curl_write_pause()
        }
        let count = unsafe put(bytes)
        if count < bytes.count {
            unsafe spill.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[count...]))
        }
        movement += bytes.count
        return bytes.count
    }

    private func takeHead(_ line: UnsafeRawBufferPointer) -> Int {
        movement += line.count
        if head.size + line.count > largestHead {
            headProblem = .headTooLarge
            return 0
        }
        guard unsafe head.take(line) else {
            headProblem = .malformed
            return 0
        }
        return line.count
    }

    // SAFETY of all three: the library hands back the context that ``EasyHandle/setCallbacks(_:)`` gave it, which lives as long
    // as the transfer, and a buffer of size times count bytes.
    static let readCallback: ferry_curl_callback = { bytes, size, count, context in
        guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
        return unsafe Unmanaged<TransferContext>.fromOpaque(context).takeUnretainedValue()
            .give(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
    }

    static let writeCallback: ferry_curl_callback = { bytes, size, count, context in
        guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
        return unsafe Unmanaged<TransferContext>.fromOpaque(context).takeUnretainedValue()
            .take(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }

    static let headerCallback: ferry_curl_callback = { bytes, size, count, context in
        guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
        return unsafe Unmanaged<TransferContext>.fromOpaque(context).takeUnretainedValue()
            .takeHead(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
}
