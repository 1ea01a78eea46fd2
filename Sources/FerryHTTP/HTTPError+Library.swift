import CCurl
import Glibc

extension HTTPError {
    /// What a result of the library means.
    ///
    /// - Parameters:
    ///   - result: The result; not `CURLE_OK`.
    ///   - message: What the library says of it; empty when it says nothing.
    ///   - request: What was asked for.
    ///   - systemError: The error number of the last failed call.
    ///   - mayHaveArrived: Whether a byte of the request was sent.
    init(result: CURLcode, message: String, request: HTTPRequest, systemError: Int32, mayHaveArrived: Bool) {
        let code: Code =
            switch result {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .cannotResolve
            case CURLE_COULDNT_CONNECT:
                systemError == EACCES || systemError == EPERM ? .accessDenied : .cannotConnect
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
                .notTrusted
            case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_FAIL_REWIND: .connectionLost
            case CURLE_PARTIAL_FILE: .cutOff
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING: .malformed
            case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: .invalidRequest
            default: .library
            }
        var reason = message.isEmpty ? unsafe String(cString: ferry_curl_easy_strerror(result)) : message
        if systemError != 0, code == .cannotConnect || code == .accessDenied || code == .connectionLost {
            reason += " (\(Self.text(of: systemError)))"
        }
        self.init(
            code, operation: request.operation, reason: reason, systemError: systemError,
            mayHaveArrived: mayHaveArrived, canRepeat: request.canRepeat)
    }

    /// Whether the other side closed the connection with something unread.
    package var isReset: Bool { systemError == ECONNRESET }

    /// The system's words for an error number.
    static func text(of number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard unsafe strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
