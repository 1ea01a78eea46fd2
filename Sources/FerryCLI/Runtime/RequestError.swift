/// A request that is refused before anything is read or reached.
struct RequestError: Error, Hashable {
    /// What kind of thing is wrong; the words never change.
    enum Code: String, CaseIterable {
        /// The request's file cannot be read.
        case unreadable = "request-unreadable"
        /// The request holds a key, and its file can be read by others.
        case exposed = "request-exposed"
        /// It is larger than any request.
        case tooLarge = "request-too-large"
        /// It is not JSON.
        case notJSON = "request-not-json"
        /// It is not an object.
        case notAnObject = "request-not-an-object"
        /// It is written for another version.
        case unsupportedVersion = "request-unsupported-version"
        /// A member is missing.
        case missingMember = "request-missing-member"
        /// A member is there and is not what it must be.
        case invalidMember = "request-invalid-member"
        /// A member is there that this command does not know.
        case unknownMember = "request-unknown-member"
        /// The target, or what the spec says of it, leads nowhere.
        case invalidTarget = "invalid-target"
        /// There is no directory for what has to be known later.
        case noStateDirectory = "no-state-directory"
    }

    let code: Code
    /// What is wrong, as a sentence without its full stop.
    let message: String
    /// The member concerned, such as `assets[1].key`; nil when it is the whole.
    let member: String?

    init(_ code: Code, _ message: String, member: String? = nil) {
        self.code = code
        self.message = message
        self.member = member
    }
}
