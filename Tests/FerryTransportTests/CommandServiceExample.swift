import FerryTransport

/// Runs commands of many users, each in the sandboxes that are theirs.
struct CommandService: Sendable {
    private let sandboxes: [String: any Sandbox]
    private let accessGuard: AccessGuard

    init(sandboxes: [String: any Sandbox], accounts: any Accounts, audit: any AuditLog) {
        self.sandboxes = sandboxes
        // Twenty at once and two a second for each user. What `accounts` throws, and what takes it more than 2 s, means no.
        accessGuard = AccessGuard(
            audit: audit, rate: AccessRate(burst: 20, perSecond: 2), timeLimit: .seconds(2)
        ) { request in
            guard let token = request.credential, let user = try await accounts.user(of: token) else {
                return .refused(caller: nil)
            }
            return try await accounts.owns(user, request.sandbox) ? .allowed(caller: user) : .refused(caller: user)
        }
    }

    /// Runs a command and returns its output; blocks its thread.
    func run(_ text: String, in name: String, token: String) throws(ClientError) -> [UInt8] {
        // A sandbox that does not exist looks like one of somebody else.
        guard let credential = try? Secret(token), let sandbox = sandboxes[name] else { throw .denied }
        let guarded = GuardedSandbox(sandbox, credential: credential, guardedBy: accessGuard)
        do throws(TransportError) {
            let command = SandboxCommand(Array(text.utf8), purpose: "a user's command")
            return try guarded.run(command, outputLimit: 1 << 20).output
        } catch {
            // The whole error belongs into the backend's log; the client gets a code and a sentence.
            throw ClientError(error)
        }
    }
}

/// Who is who, and whose is what: a table of the backend.
protocol Accounts: Sendable {
    func user(of token: Secret) async throws -> String?
    func owns(_ user: String, _ sandbox: String) async throws -> Bool
}
