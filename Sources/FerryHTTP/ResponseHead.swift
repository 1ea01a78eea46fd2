/// Puts the beginning of a response together, line by line.
struct ResponseHead {
    /// What came so far.
    private(set) var response = HTTPResponse(status: 0)
    /// Whether the line that ends a final response has come.
    private(set) var isComplete = false
    /// How many bytes came, those of interim responses and trailers too.
    private(set) var size = 0

    /// Takes a line.
    ///
    /// - Parameter line: The line; its end may be there or not.
    /// - Returns: Whether it is what a response can have there.
    mutating func take(_ line: some Collection<UInt8>) -> Bool {
        size += line.count
        // Fields that follow a chunked body; nobody asked for them.
        if isComplete { return true }
        var text = String(decoding: line, as: UTF8.self)
        while let last = text.utf8.last, last == 0x0A || last == 0x0D { text.unicodeScalars.removeLast() }
        if text.hasPrefix("HTTP/") {
            let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard parts.count > 1, parts[1].utf8.count == 3, let status = Int(parts[1]), status >= 100 else {
                return false
            }
            response = HTTPResponse(status: status)
        } else if text.isEmpty {
            guard response.status != 0 else { return false }
            // Interim responses announce another one; 101 is the last that speaks HTTP.
            isComplete = response.status >= 200 || response.status == 101
        } else {
            guard response.status != 0, let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            response.headers.append(HTTPHeader(String(text[..<colon]), String(value)))
        }
        return true
    }
}
