public import FerryTransport

/// Where an adapter's program runs: which sandbox, in which directory, with which credential.
///
/// It comes as untyped JSON from whoever calls the adapter; ``parse(_:)`` makes it a value or says why not.
public struct ExecutionSpec: Sendable {
    /// The one transport that there is.
    public static let transport = "sandbox"

    /// The vendor's name.
    public let provider: String
    /// The vendor's identifier of the sandbox.
    public let sandboxID: String
    /// The directory in the sandbox in which the program works.
    public let remoteDirectory: String
    /// How long a command may take, in milliseconds: finite and above 0.
    public let timeoutMilliseconds: Double
    /// The sandbox's credential.
    public let apiKey: Secret?
    /// Where programs in the sandbox can call back.
    public let callbackURL: String?

    /// Makes a spec of values that need no check.
    ///
    /// - Parameters:
    ///   - provider: The vendor's name.
    ///   - sandboxID: The vendor's identifier of the sandbox.
    ///   - remoteDirectory: The directory in the sandbox.
    ///   - timeoutMilliseconds: How long a command may take.
    ///   - apiKey: The sandbox's credential.
    ///   - callbackURL: Where programs in the sandbox can call back.
    /// - Throws: ``SpecError``, as ``parse(_:)`` does.
    public init(
        provider: String, sandboxID: String, remoteDirectory: String, timeoutMilliseconds: Double,
        apiKey: Secret? = nil, callbackURL: String? = nil
    ) throws(SpecError) {
        self.provider = try SpecField.provider.required(.string(provider))
        self.sandboxID = try SpecField.sandboxID.required(.string(sandboxID))
        self.remoteDirectory = try SpecField.remoteDirectory.required(.string(remoteDirectory))
        self.timeoutMilliseconds = try SpecField.timeout.positive(.number(timeoutMilliseconds))
        self.apiKey = apiKey
        self.callbackURL = try SpecField.callbackURL.optional(callbackURL.map { .string($0) })
    }

    /// Reads a spec.
    ///
    /// Strings are trimmed. `apiKey` and `callbackApiUrl` (also as `paperclipApiUrl`) may be missing, null or empty, all of which mean
    /// that there is none. Members of other names are ignored.
    ///
    /// - Parameter value: What came.
    /// - Returns: The spec.
    /// - Throws: ``SpecError``, which names the member and says what is wrong with it, and never tells its value.
    public static func parse(_ value: JSONValue) throws(SpecError) -> ExecutionSpec {
        guard case .object(let members) = value else {
            throw SpecError(.notAnObject, field: "", reason: "the execution spec is \(value.kind), not an object")
        }
        let transport = try SpecField.transport.required(members)
        guard transport.utf8.elementsEqual(Self.transport.utf8) else {
            throw SpecError(
                .unsupportedTransport, field: SpecField.transport.rawValue,
                reason: "'transport' is not '\(Self.transport)', the only one that there is")
        }
        var key: Secret?
        if let text = try SpecField.apiKey.optional(members[SpecField.apiKey.rawValue]) {
            do throws(Secret.Refusal) {
                key = try Secret(text)
            } catch {
                throw SpecError(
                    .invalidField, field: SpecField.apiKey.rawValue, reason: "'apiKey' \(error.reason)")
            }
        }
        return try ExecutionSpec(
            provider: SpecField.provider.required(members), sandboxID: SpecField.sandboxID.required(members),
            remoteDirectory: SpecField.remoteDirectory.required(members),
            timeoutMilliseconds: SpecField.timeout.positive(members), apiKey: key,
            callbackURL: SpecField.callbackURL.optional(
                members[SpecField.callbackURL.rawValue] ?? members["paperclipApiUrl"]))
    }

    /// How long a command may take; a time that no clock can count to is the longest one that can be.
    public var timeout: Duration { .milliseconds(min(timeoutMilliseconds, 1e15)) }

    /// What a later run must find unchanged to go on with a session.
    public var identity: SessionIdentity {
        SessionIdentity(
            provider: provider, sandboxID: sandboxID, remoteDirectory: remoteDirectory, callbackURL: callbackURL)
    }
}

/// Why there is no execution spec.
public struct SpecError: Error, Sendable, Hashable {
    /// What kind of thing is wrong; the words never change.
    public enum Code: String, Sendable, CaseIterable {
        /// It is not an object.
        case notAnObject = "spec-not-an-object"
        /// A member is missing.
        case missingField = "spec-missing-field"
        /// A member is there and is not what it must be.
        case invalidField = "spec-invalid-field"
        /// It asks for another transport than a sandbox.
        case unsupportedTransport = "spec-unsupported-transport"
    }

    /// What kind of thing is wrong.
    public let code: Code
    /// The member's name; empty when it is the whole.
    public let field: String
    /// What is wrong, in a sentence without its full stop.
    public let reason: String

    init(_ code: Code, field: String, reason: String) {
        self.code = code
        self.field = field
        self.reason = reason
    }
}

extension SpecError: CustomStringConvertible {
    /// The reason.
    public var description: String { reason }
}
