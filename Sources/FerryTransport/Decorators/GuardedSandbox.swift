import FerryThreads

/// A sandbox of a backend that serves many users: each operation is allowed first and recorded afterwards.
///
/// Make one for each caller; the ``AccessGuard`` is shared. Closing is always allowed. The errors of this one are for the backend; what
/// goes on to a client is a ``ClientError``.
public final class GuardedSandbox: Sandbox {
    private let sandbox: any Sandbox
    private let credential: Secret?
    private let owner: AccessGuard

    /// Makes the sandbox.
    ///
    /// - Parameters:
    ///   - sandbox: What is behind it.
    ///   - credential: What the caller proves with who it is; nil when it brought nothing.
    ///   - owner: Decides and records.
    public init(_ sandbox: any Sandbox, credential: Secret?, guardedBy owner: AccessGuard) {
        self.sandbox = sandbox
        self.credential = credential
        self.owner = owner
    }

    /// As of the sandbox behind it.
    public var name: String { sandbox.name }
    /// As of the sandbox behind it.
    public var capabilities: SandboxCapabilities { sandbox.capabilities }

    /// As of the sandbox behind it; each transfer is allowed first.
    public var archives: (any SandboxArchives)? {
        sandbox.archives.map { GuardedArchives($0, admit: admit) }
    }

    /// Asks, if the caller may.
    public func identity() throws(TransportError) -> SandboxIdentity? {
        let pass = try admit(.identify, "the question which sandbox it is")
        return try pass.cover { () throws(TransportError) in try sandbox.identity() }
    }

    /// Starts a command, if the caller may.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        let pass = try admit(.command, command.purpose)
        do throws(TransportError) {
            return GuardedProcess(try sandbox.start(command), pass)
        } catch {
            pass.end(.failed(error.code.rawValue))
            throw error
        }
    }

    /// Breaks off a connection of the sandbox behind it.
    public func interrupt() { sandbox.interrupt() }

    /// Closes the sandbox behind it.
    public func close() { sandbox.close() }

    private func admit(
        _ operation: AccessRequest.Operation, _ purpose: String
    ) throws(TransportError) -> AccessPass {
        try owner.admit(
            AccessRequest(credential: credential, sandbox: name, operation: operation, purpose: purpose))
    }
}

extension AccessPass {
    /// Does something short and says how it ended.
    fileprivate func cover<Value>(_ body: () throws(TransportError) -> Value) throws(TransportError) -> Value {
        do throws(TransportError) {
            let value = try body()
            end(.done)
            return value
        } catch {
            end(.failed(error.code.rawValue))
            throw error
        }
    }
}

/// Counts the bytes of one operation.
private final class Traffic: Sendable {
    private let counts = Monitor((bytesIn: Int64(0), bytesOut: Int64(0)))

    func sent(_ count: Int) { counts.withLock { counts.state.bytesIn += Int64(count) } }
    func received(_ count: Int) { counts.withLock { counts.state.bytesOut += Int64(count) } }
    var now: (bytesIn: Int64, bytesOut: Int64) { counts.withLock { counts.state } }
}

/// A command whose bytes are counted, and whose end is recorded.
private final class GuardedProcess: SandboxProcess {
    private let process: any SandboxProcess
    private let pass: AccessPass
    private let traffic = Traffic()

    init(_ process: any SandboxProcess, _ pass: AccessPass) {
        self.process = process
        self.pass = pass
    }

    deinit { end(.abandoned) }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        try process.write(bytes)
        traffic.sent(bytes.count)
    }

    func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? {
        let moved = try process.splice(from: descriptor, count: count)
        traffic.sent(moved ?? 0)
        return moved
    }

    func closeInput() throws(TransportError) { try process.closeInput() }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        let count = try process.read(into: &buffer)
        traffic.received(count)
        return count
    }

    func wait() throws(TransportError) -> SandboxExit {
        do throws(TransportError) {
            let exit = try process.wait()
            end(exit.status == 0 ? .done : .exited(exit.status))
            return exit
        } catch {
            end(.failed(error.code.rawValue))
            throw error
        }
    }

    func terminate() { process.terminate() }

    private func end(_ outcome: AuditRecord.Outcome) {
        let (bytesIn, bytesOut) = traffic.now
        pass.end(outcome, bytesIn: bytesIn, bytesOut: bytesOut)
    }
}

/// Archives whose transfers are allowed first and recorded afterwards.
private struct GuardedArchives: SandboxArchives {
    typealias Admit = @Sendable (AccessRequest.Operation, String) throws(TransportError) -> AccessPass

    private let archives: any SandboxArchives
    private let admit: Admit

    init(_ archives: any SandboxArchives, admit: @escaping Admit) {
        self.archives = archives
        self.admit = admit
    }

    func upload(
        to directory: [UInt8], idleTimeout: Duration?,
        _ produce: (_ write: @escaping (Span<UInt8>) throws(TransportError) -> Void) throws(TransportError) -> Void
    ) throws(TransportError) {
        let pass = try admit(.upload, "the upload of an archive")
        let traffic = Traffic()
        do throws(TransportError) {
            try archives.upload(to: directory, idleTimeout: idleTimeout) { (write) throws(TransportError) in
                try produce { (bytes) throws(TransportError) in
                    try write(bytes)
                    traffic.sent(bytes.count)
                }
            }
            pass.end(.done, bytesIn: traffic.now.bytesIn, bytesOut: 0)
        } catch {
            pass.end(.failed(error.code.rawValue), bytesIn: traffic.now.bytesIn, bytesOut: 0)
            throw error
        }
    }

    func download(_ path: [UInt8], idleTimeout: Duration?) throws(TransportError) -> any SandboxDownload {
        let pass = try admit(.download, "the download of an archive")
        do throws(TransportError) {
            return GuardedDownload(try archives.download(path, idleTimeout: idleTimeout), pass)
        } catch {
            pass.end(.failed(error.code.rawValue))
            throw error
        }
    }

    func holds(_ path: [UInt8]) throws(TransportError) -> Bool {
        try admit(.inspect, "the question whether a path exists").cover { () throws(TransportError) in
            try archives.holds(path)
        }
    }

    func tellsOwners() throws(TransportError) -> Bool { try archives.tellsOwners() }

    func configuredUser() throws(TransportError) -> [UInt8]? {
        try admit(.inspect, "the question for the configured user").cover { () throws(TransportError) in
            try archives.configuredUser()
        }
    }
}

/// A download whose bytes are counted, and whose end is recorded.
private final class GuardedDownload: SandboxDownload {
    private let download: any SandboxDownload
    private let pass: AccessPass
    private let traffic = Traffic()

    init(_ download: any SandboxDownload, _ pass: AccessPass) {
        self.download = download
        self.pass = pass
    }

    deinit { end(.abandoned) }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        do throws(TransportError) {
            let count = try download.read(into: &buffer)
            traffic.received(count)
            if count == 0 { end(.done) }
            return count
        } catch {
            end(.failed(error.code.rawValue))
            throw error
        }
    }

    func terminate() { download.terminate() }

    private func end(_ outcome: AuditRecord.Outcome) {
        pass.end(outcome, bytesIn: 0, bytesOut: traffic.now.bytesOut)
    }
}
