import CCurl

/// Owns the library's event loop for one transfer, and the connections that stay open for the next.
@safe
struct MultiHandle: ~Copyable {
    // SAFETY: made here, freed in deinit, never null. One thread at a time uses it, but for ``wake()``, which the library
    // allows from any thread.
    private let raw: UnsafeMutableRawPointer

    /// Makes an event loop.
    ///
    /// - Throws: ``HTTPError`` when memory or descriptors are short.
    init() throws(HTTPError) {
        guard HTTPLibrary.isReady, let raw = unsafe ferry_curl_multi_init() else {
            throw HTTPLibrary.cannotStart
        }
        unsafe self.raw = raw
        // One is in use at a time; a few more for other origins.
        unsafe ferry_curl_multi_set_long(raw, CURLMOPT_MAXCONNECTS, 4)
    }

    deinit {
        unsafe ferry_curl_multi_cleanup(raw)
    }

    func add(_ easy: borrowing EasyHandle) throws(HTTPError) {
        try check(unsafe ferry_curl_multi_add_handle(raw, easy.raw))
    }

    /// Takes a transfer out; one that had not ended closes its connection.
    func remove(_ easy: borrowing EasyHandle) {
        unsafe ferry_curl_multi_remove_handle(raw, easy.raw)
    }

    /// Moves what can be moved without waiting.
    ///
    /// - Returns: How the transfer ended; nil while it goes on.
    func perform() throws(HTTPError) -> CURLcode? {
        var running: Int32 = 0
        try check(unsafe ferry_curl_multi_perform(raw, &running))
        var left: Int32 = 0
        while let message = unsafe ferry_curl_multi_info_read(raw, &left) {
            if unsafe message.pointee.msg == CURLMSG_DONE { return unsafe message.pointee.data.result }
        }
        return nil
    }

    /// Waits until something can be moved, somebody calls ``wake()`` or the time is over.
    func poll(milliseconds: Int32) throws(HTTPError) {
        try check(unsafe ferry_curl_multi_poll(raw, nil, 0, milliseconds, nil))
    }

    /// Ends a ``poll(milliseconds:)``, or the next one; safe from any thread.
    func wake() {
        unsafe ferry_curl_multi_wakeup(raw)
    }

    private func check(_ code: CURLMcode) throws(HTTPError) {
        guard code != CURLM_OK else { return }
        throw HTTPError(
            .library, operation: "driving a transfer", reason: unsafe String(cString: ferry_curl_multi_strerror(code)))
    }
}
