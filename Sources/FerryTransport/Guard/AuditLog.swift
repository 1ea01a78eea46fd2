/// Keeps audit records, in order and for ever; nothing here changes or removes one.
public protocol AuditLog: Sendable {
    /// Adds a record.
    ///
    /// - Parameter record: The record.
    /// - Throws: ``AuditError`` when it could not be kept; operations are refused until it can.
    func append(_ record: AuditRecord) throws(AuditError)
}

/// A record that could not be kept.
public struct AuditError: Error, Sendable, CustomStringConvertible {
    /// Why, as a sentence for whoever runs the backend.
    public let description: String

    /// Makes an error.
    ///
    /// - Parameter description: Why, as a sentence.
    public init(_ description: String) { self.description = description }
}
