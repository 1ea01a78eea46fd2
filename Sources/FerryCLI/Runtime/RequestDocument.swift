import FerryCore
import FerryRuntime
import FoundationEssentials
import Glibc

/// Reads the document that says what is to be done.
enum RequestDocument {
    /// More than any list of patterns needs.
    private static let largest = 16 << 20

    /// Reads a request and makes it a value.
    ///
    /// - Parameter path: Its file; nil: standard input.
    /// - Returns: What it says.
    /// - Throws: ``RequestError``.
    static func read(_ path: [UInt8]?) throws(RequestError) -> FerryRuntime.JSONValue {
        let path = path.flatMap { $0.elementsEqual("-".utf8) ? nil : $0 }
        if path == nil, Terminal.isTerminal(STDIN_FILENO) {
            throw RequestError(
                .unreadable,
                "the request comes from standard input, which is a terminal; pipe it in, or name its file"
                    + " with --request")
        }
        let bytes: [UInt8]
        do throws(CommandFailure) {
            bytes = try InputFile.read(path ?? Array("-".utf8), for: "--request")
        } catch {
            throw RequestError(.unreadable, error.message)
        }
        let value = try parse(bytes)
        if let path { try checkExposure(of: path, value) }
        return value
    }

    /// Makes a value of a document's bytes.
    static func parse(_ bytes: [UInt8]) throws(RequestError) -> FerryRuntime.JSONValue {
        guard bytes.count <= largest else {
            throw RequestError(.tooLarge, "the request has more than \(largest) bytes")
        }
        guard bytes.contains(where: { $0 > 0x20 }) else { throw RequestError(.notJSON, "the request is empty") }
        let value: FerryRuntime.JSONValue
        do {
            value = try JSONDecoder().decode(FerryRuntime.JSONValue.self, from: Data(bytes))
        } catch {
            // The decoder's own words may quote the document, and with it a key.
            throw RequestError(.notJSON, "the request is not one JSON document in UTF-8")
        }
        if let member = RepeatedMember.find(in: bytes) {
            let name = displayName(of: member.utf8)
            throw RequestError(.invalidMember, "'\(name)' is there twice", member: name)
        }
        return value
    }

    /// Refuses a file with a key in it that others may read.
    private static func checkExposure(of path: [UInt8], _ value: FerryRuntime.JSONValue) throws(RequestError) {
        guard let key = value["spec"]?["apiKey"], key != .null, key != .string("") else { return }
        var status = stat()
        let terminated = path.map { CChar(bitPattern: $0) } + [0]
        guard unsafe stat(terminated, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        guard status.st_mode & 0o077 == 0 else {
            throw RequestError(
                .exposed,
                "the request holds an apiKey and its file can be read by others; make its mode 600, or give the key by"
                    + " FERRY_API_KEY or standard input", member: "spec.apiKey")
        }
    }
}
