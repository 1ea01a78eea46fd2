import CCurl
import FerryCore

/// Owns one transfer of the library.
@safe
struct EasyHandle: ~Copyable {
    // SAFETY: made here, freed in deinit, never null; whoever uses it takes care that one thread does at a time.
    let raw: UnsafeMutableRawPointer

    /// Makes a transfer.
    ///
    /// - Throws: ``HTTPError`` when memory is short.
    init() throws(HTTPError) {
        guard HTTPLibrary.isReady, let raw = unsafe ferry_curl_easy_init() else {
            throw HTTPLibrary.cannotStart
        }
        unsafe self.raw = raw
    }

    deinit {
        unsafe ferry_curl_easy_cleanup(raw)
    }

    /// Forgets all options; open connections stay.
    func reset() {
        unsafe ferry_curl_easy_reset(raw)
    }

    func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try check(unsafe ferry_curl_set_long(raw, option, value))
    }

    func setOffset(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try check(unsafe ferry_curl_set_offset(raw, option, curl_off_t(value)))
    }

    /// The library copies the text.
    func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
        try check(unsafe ferry_curl_set_text(raw, option, value))
    }

    /// The library copies the bytes.
    func set(_ option: CURLoption, _ value: [UInt8]) throws(HTTPError) {
        let code = unsafe (value + [0]).withUnsafeBytes { bytes in
            unsafe ferry_curl_set_text(raw, option, bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
        }
        try check(code)
    }

    /// The list has to outlive the transfer.
    func setHeaders(_ list: borrowing HeaderList) throws(HTTPError) {
        try check(unsafe ferry_curl_set_pointer(raw, CURLOPT_HTTPHEADER, list.raw))
    }

    func setCloseOnExec() throws(HTTPError) {
        try check(unsafe ferry_curl_close_on_exec(raw))
    }

    /// Lets the library call back into a context, which has to outlive the transfer.
    func setCallbacks(_ context: TransferContext) throws(HTTPError) {
        let pointer = unsafe Unmanaged.passUnretained(context).toOpaque()
        try check(
            unsafe ferry_curl_set_callbacks(
                raw, TransferContext.readCallback, TransferContext.writeCallback, TransferContext.headerCallback,
                pointer))
        try check(unsafe ferry_curl_set_pointer(raw, CURLOPT_ERRORBUFFER, context.message))
    }

    /// Lets both directions go on.
    func unpause() -> CURLcode {
        unsafe ferry_curl_easy_pause(raw, CURLPAUSE_CONT)
    }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe ferry_curl_get_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return unsafe ferry_curl_get_offset(raw, info, &value) == CURLE_OK ? Int(value) : 0
    }

    /// The connection's socket; it stays the library's.
    var socket: Int32? {
        var value: curl_socket_t = -1
        guard unsafe ferry_curl_get_socket(raw, &value) == CURLE_OK, value >= 0 else { return nil }
        return value
    }

    private func check(_ code: CURLcode) throws(HTTPError) {
        guard code != CURLE_OK else { return }
        throw HTTPError(
            .library, operation: "preparing a request", reason: unsafe String(cString: ferry_curl_easy_strerror(code)))
    }
}

/// Owns a list of header lines in the library's form.
@safe
struct HeaderList: ~Copyable {
    // SAFETY: nil or a list that curl_slist_append made; freed in deinit only.
    private(set) var raw: UnsafeMutablePointer<curl_slist>?

    /// Makes a list.
    ///
    /// - Throws: ``HTTPError`` when memory is short.
    init(_ lines: [String]) throws(HTTPError) {
        unsafe raw = nil
        for line in lines {
            guard let longer = unsafe ferry_curl_slist_append(raw, line) else {
                throw HTTPError(.library, operation: "preparing a request", reason: "out of memory")
            }
            unsafe raw = longer
        }
    }

    deinit {
        unsafe ferry_curl_slist_free_all(raw)
    }
}
