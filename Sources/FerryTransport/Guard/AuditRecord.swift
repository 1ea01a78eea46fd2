import FerryCore

/// Who did what with which sandbox, and how it ended; never a command's text, an environment, a path or content.
public struct AuditRecord: Sendable, Hashable {
    /// How an operation ended.
    public enum Outcome: Sendable, Hashable {
        /// It was done; a command ended with 0.
        case done
        /// A command ended with another status.
        case exited(Int32)
        /// It failed, with the stable code of the error.
        case failed(String)
        /// Nobody waited for its end.
        case abandoned
        /// Whoever decides said no.
        case refused
        /// Whoever decides failed, took too long or did not answer, which counts as no.
        case undecided
        /// The caller began too many operations.
        case limited
    }

    /// When it began, in milliseconds since 1970.
    public var time: Int64
    /// Who; nil for somebody who is not known.
    public var caller: String?
    /// Which sandbox.
    public var sandbox: String
    /// What was done.
    public var operation: AccessRequest.Operation
    /// What it was for, as a noun phrase.
    public var purpose: String
    /// How many entries were written or removed; nil where it is not known.
    public var entries: Int?
    /// How many bytes went into the sandbox; nil where it is not known.
    public var bytesIn: Int64?
    /// How many bytes came out of it; nil where it is not known.
    public var bytesOut: Int64?
    /// How long it took.
    public var duration: Duration
    /// How it ended.
    public var outcome: Outcome

    /// The record as one line of JSON, with the version of its form as `v`, and a line feed.
    public var line: [UInt8] {
        var members: [String: JSONValue] = [
            "v": 1, "time": .number(Double(time) / 1_000), "caller": caller.map { .string($0) } ?? .null,
            "sandbox": .string(sandbox), "operation": .string(operation.rawValue), "purpose": .string(purpose),
            "seconds": .number(duration / .seconds(1)),
        ]
        members["entries"] = entries.map { JSONValue($0) } ?? .null
        members["bytes_in"] = bytesIn.map { .integer($0) } ?? .null
        members["bytes_out"] = bytesOut.map { .integer($0) } ?? .null
        switch outcome {
        case .done: members["outcome"] = "done"
        case .exited(let status):
            members["outcome"] = "exited"
            members["status"] = .integer(Int64(status))
        case .failed(let code):
            members["outcome"] = "failed"
            members["code"] = .string(code)
        case .abandoned: members["outcome"] = "abandoned"
        case .refused: members["outcome"] = "refused"
        case .undecided: members["outcome"] = "undecided"
        case .limited: members["outcome"] = "limited"
        }
        return Array(JSONValue.object(members).text.utf8) + [0x0A]
    }
}
