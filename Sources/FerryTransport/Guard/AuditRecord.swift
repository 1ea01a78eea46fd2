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
        func number(_ value: (some BinaryInteger)?) -> String { value.map { "\($0)" } ?? "null" }
        var members = [
            "\"v\":1", "\"time\":\(Double(time) / 1_000)", "\"caller\":\(caller.map(JSONString.quoted) ?? "null")",
            "\"sandbox\":\(JSONString.quoted(sandbox))", "\"operation\":\"\(operation.rawValue)\"",
            "\"purpose\":\(JSONString.quoted(purpose))", "\"entries\":\(number(entries))",
            "\"bytes_in\":\(number(bytesIn))", "\"bytes_out\":\(number(bytesOut))",
            "\"seconds\":\(duration / .seconds(1))", "\"outcome\":\"\(outcome.name)\"",
        ]
        switch outcome {
        case .exited(let status): members.append("\"status\":\(status)")
        case .failed(let code): members.append("\"code\":\(JSONString.quoted(code))")
        default: break
        }
        return Array("{\(members.joined(separator: ","))}\n".utf8)
    }
}

extension AuditRecord.Outcome {
    /// The word in the record.
    fileprivate var name: String {
        switch self {
        case .done: "done"
        case .exited: "exited"
        case .failed: "failed"
        case .abandoned: "abandoned"
        case .refused: "refused"
        case .undecided: "undecided"
        case .limited: "limited"
        }
    }
}
