import CCurl

/// What is known of the HTTP library that this program runs with.
public struct HTTPLibrary: Sendable, Hashable {
    /// The library's version, such as `8.5.0`.
    public let version: String
    /// The TLS library and its version; nil when it has none.
    public let tls: String?
    /// The protocols that it speaks, such as `https`.
    public let protocols: [String]

    /// Prepares the library, once for the whole process and whichever thread comes first.
    static let isReady = ferry_curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// Why the library cannot be used.
    static var cannotStart: HTTPError {
        HTTPError(
            .library, operation: "starting the HTTP library",
            reason: unsafe String(cString: ferry_curl_easy_strerror(CURLE_FAILED_INIT)))
    }

    /// What the library says of itself; when it cannot be loaded, the version says why.
    public static let loaded: HTTPLibrary = {
        guard let info = unsafe ferry_curl_version_info(CURLVERSION_FIRST) else {
            let reason = unsafe String(cString: ferry_curl_easy_strerror(CURLE_FAILED_INIT))
            return HTTPLibrary(version: reason, tls: nil, protocols: [])
        }
        let fields = unsafe info.pointee
        var protocols: [String] = []
        // SAFETY: the library gives an array of static C strings that ends with a null pointer.
        if var next = unsafe fields.protocols {
            while let name = unsafe next.pointee {
                protocols.append(unsafe String(cString: name))
                unsafe next += 1
            }
        }
        return HTTPLibrary(
            version: unsafe fields.version.map { unsafe String(cString: $0) } ?? "unknown",
            tls: unsafe fields.ssl_version.map { unsafe String(cString: $0) }, protocols: protocols)
    }()
}
