import FerryHTTP
import Testing

@Suite("HTTP values")
struct HTTPValueTests {
    @Test("A URL is built from bytes, each encoded unless it is unreserved")
    func url() throws {
        let base = try HTTPURL("https://host:8443/base/")
        let url = base.appending([0x61, 0x2F, 0xFF]).appending("..", "é").query("path", [0x20, 0x26, 0x25]).query(
            "b", "2")
        #expect(url.text == "https://host:8443/base/a%2F%FF/%2E%2E/%C3%A9?path=%20%26%25&b=2")
        #expect(url.authority == "host:8443" && url.isEncrypted)
        #expect("\(url)" == "https://host:8443/base/a%2F%FF/%2E%2E/%C3%A9")
        #expect(try HTTPURL("http://[::1]:80").requestTarget == "/")
    }

    @Test(
        "What is not an origin is refused",
        arguments: [
            "host", "ftp://host", "http://", "http://user:secret@host", "http://host/a?b", "http://ho st",
            "http://host/a\r\n",
        ])
    func badURL(text: String) throws {
        let error = try #require(throws: HTTPError.self) { try HTTPURL(text) }
        #expect(error.code == .invalidRequest)
        #expect(!error.description.contains("secret"))
    }

    @Test("A secret header field shows its value nowhere")
    func secret() throws {
        let header = HTTPHeader("Authorization", "Bearer s3cret", isSensitive: true)
        var request = HTTPRequest(.get, try HTTPURL("http://h").query("sig", "s3cret"))
        request.headers = [header]
        var dumped = ""
        dump(request.headers, to: &dumped)
        for text in ["\(header)", String(reflecting: header), dumped, "\(request.headers)", request.operation] {
            #expect(!text.contains("s3cret"), "\(text)")
        }
        #expect("\(HTTPHeader("A", "b"))" == "A: b")
    }

    @Test(
        "A header field that would begin another is refused, and its value not shown",
        arguments: ["a\r\nb", "a\nb", "\0"])
    func injection(value: String) throws {
        var request = HTTPRequest(.get, try HTTPURL("http://127.0.0.1:1"))
        request.headers = [HTTPHeader("X-Secret", "s3cret" + value, isSensitive: true)]
        let error = try #require(throws: HTTPError.self) { try HTTPClient().send(request) }
        #expect(error.code == .invalidRequest && error.reason.contains("X-Secret"))
        #expect(!error.description.contains("s3cret"))
        request.headers = [HTTPHeader("X Y", "v")]
        #expect(throws: HTTPError.self) { try HTTPClient().send(request) }
    }
}
