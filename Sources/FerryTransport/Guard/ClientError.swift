/// What a client of a backend may see of a failure: a stable code and a sentence, without a path, a host, a command's words or a trace.
///
/// The whole error is for the backend's own log.
public struct ClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, in a word that stays the same between versions.
    public let code: String
    /// What went wrong and what to do, as a sentence that depends on the code only.
    public let message: String
    /// Whether the same thing may work a moment later.
    public let isTransient: Bool

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: A stable word.
    ///   - message: A sentence that depends on the code only.
    ///   - isTransient: Whether the same thing may work a moment later.
    public init(code: String, message: String, isTransient: Bool = false) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
    }

    /// What a client may see of a transport's error.
    ///
    /// - Parameter error: The error, whose words stay behind.
    public init(_ error: TransportError) {
        self.init(code: error.code.rawValue, message: Self.sentence(error.code), isTransient: error.isTransient)
    }

    /// What a client sees of what it may not do, also of what does not exist.
    public static let denied = ClientError(code: "denied", message: sentence(.denied))

    /// What a client may see of an error that is not known here.
    public static let unknown = ClientError(
        code: "failed", message: "The operation failed. Ask whoever runs the service.")

    /// The code and the sentence.
    public var description: String { "\(code): \(message)" }

    private static func sentence(_ code: TransportError.Code) -> String {
        switch code {
        case .notFound: "The sandbox does not exist, or not any more."
        case .unreachable: "The sandbox cannot be reached. Try again later."
        case .denied: "This is not allowed."
        case .disconnected: "The connection to the sandbox broke. Try again."
        case .closedInput, .malformed: "The sandbox did not answer as it should. Try again."
        case .timedOut: "It took too long. Try again, or allow more time."
        case .cancelled: "It was stopped."
        case .commandFailed: "A command in the sandbox failed."
        case .missingTool: "The sandbox lacks a program that is needed."
        case .unsupported: "The sandbox cannot do this."
        case .busy: "There is too much to do. Try again later."
        case .noSpace: "The sandbox's disk is full."
        }
    }
}
