import FerryCore
import FerryEngine
public import FerryThreads
public import FerryTransport
import Synchronization

/// The operations of managed runtimes for a backend that serves many users: each is allowed first and recorded afterwards.
///
/// Make one for each caller; the `AccessGuard` is shared. What is thrown is for the client; what is known beyond that goes
/// to the backend's own log.
public struct GuardedRuntime: Sendable {
    /// Takes the whole of an error that a client sees only a part of.
    public typealias Log = @Sendable (any Error) -> Void

    private let credential: Secret?
    private let owner: AccessGuard
    private let log: Log

    /// Makes the operations of one caller.
    ///
    /// - Parameters:
    ///   - credential: What the caller proves with who it is; nil when it brought nothing.
    ///   - owner: Decides and records.
    ///   - log: Takes the errors, paths of this machine included.
    public init(credential: Secret?, guardedBy owner: AccessGuard, log: @escaping Log) {
        self.credential = credential
        self.owner = owner
        self.log = log
    }

    /// Brings a workspace and assets to a sandbox, if the caller may; see ``ManagedRuntime``.
    ///
    /// - Parameters:
    ///   - preparation: What is to be prepared.
    ///   - transport: The way to the sandbox.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: The runtime.
    /// - Throws: `ClientError`.
    public func prepare(
        _ preparation: RuntimePreparation, in transport: RuntimeTransport,
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping RuntimeObserver = { _ in }
    ) async throws(ClientError) -> PreparedRuntime {
        let pass = try await admit(.prepare, preparation.spec)
        let tally = RuntimeTally()
        do throws(RuntimeError) {
            let runtime = try await ManagedRuntime.prepare(preparation, in: transport, cancellation: cancellation) {
                tally.count($0)
                observer($0)
            }
            pass.end(.done, entries: tally.entries, bytesIn: tally.bytes)
            return runtime
        } catch {
            pass.end(.failed(error.code.rawValue), entries: nil, bytesIn: nil)
            throw seen(error)
        }
    }

    /// Brings a sandbox's results back, if the caller may; see ``ManagedRuntime``.
    ///
    /// - Parameters:
    ///   - workspace: The workspace on this machine.
    ///   - spec: Which sandbox.
    ///   - adapterKey: The adapter's name; needed only when several runtimes fit.
    ///   - stateDirectory: The directory that the preparation was given.
    ///   - transport: The way to the sandbox.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: `ClientError`.
    @discardableResult
    public func restore(
        workspace: [UInt8], spec: ExecutionSpec, adapterKey: String? = nil, stateDirectory: [UInt8],
        transport: RuntimeTransport, cancellation: CancellationFlag = CancellationFlag(),
        observer: @escaping RuntimeObserver = { _ in }
    ) async throws(ClientError) -> RuntimeRestore {
        let pass = try await admit(.restore, spec)
        let tally = RuntimeTally()
        do throws(RuntimeError) {
            let restore = try await ManagedRuntime.restore(
                workspace: workspace, spec: spec, adapterKey: adapterKey, stateDirectory: stateDirectory,
                transport: transport, cancellation: cancellation
            ) {
                tally.count($0)
                observer($0)
            }
            pass.end(.done, entries: tally.entries, bytesOut: tally.bytes)
            return restore
        } catch {
            pass.end(.failed(error.code.rawValue))
            throw seen(error)
        }
    }

    /// Gives a runtime up, if the caller may; see ``PreparedRuntime/release(cancellation:)``.
    ///
    /// - Parameters:
    ///   - workspace: The workspace on this machine.
    ///   - spec: Which sandbox.
    ///   - adapterKey: The adapter's name; needed only when several runtimes fit.
    ///   - stateDirectory: The directory that the preparation was given.
    ///   - transport: The way to the sandbox.
    ///   - cancellation: Raise it to stop.
    /// - Returns: Whether the sandbox was cleaned.
    /// - Throws: `ClientError`.
    @discardableResult
    public func release(
        workspace: [UInt8], spec: ExecutionSpec, adapterKey: String? = nil, stateDirectory: [UInt8],
        transport: RuntimeTransport, cancellation: CancellationFlag = CancellationFlag()
    ) async throws(ClientError) -> Bool {
        let pass = try await admit(.release, spec)
        do throws(RuntimeError) {
            let runtime = try await ManagedRuntime.resume(
                workspace: workspace, spec: spec, adapterKey: adapterKey, stateDirectory: stateDirectory,
                transport: transport)
            switch try await runtime.release(cancellation: cancellation) {
            case .cleaned:
                pass.end(.done)
                return true
            case .notCleaned(let error):
                log(error)
                pass.end(.failed(error.code.rawValue))
                return false
            }
        } catch {
            pass.end(.failed(error.code.rawValue))
            throw seen(error)
        }
    }

    private func admit(
        _ operation: AccessRequest.Operation, _ spec: ExecutionSpec
    ) async throws(ClientError) -> AccessPass {
        let request = AccessRequest(
            credential: credential, sandbox: "\(spec.provider)/\(spec.sandboxID)", operation: operation,
            purpose: "a managed runtime")
        do {
            // Deciding blocks its thread.
            return try await BlockingThread.run(named: "guard") { [owner] in try owner.admit(request) }
        } catch let error as TransportError {
            log(error)
            throw ClientError(error)
        } catch {
            log(error)
            throw .unknown
        }
    }

    private func seen(_ error: RuntimeError) -> ClientError {
        log(error)
        return ClientError(error)
    }
}

extension ClientError {
    /// What a client may see of a runtime's error.
    ///
    /// - Parameter error: The error, whose `detail` stays behind.
    public init(_ error: RuntimeError) {
        self.init(
            code: error.code.rawValue, message: error.description,
            isTransient: [.locked, .sandboxFailed, .timedOut].contains(error.code))
    }
}

/// Counts what a run writes.
private final class RuntimeTally: Sendable {
    private let counts = Mutex((entries: 0, bytes: Int64(0)))

    var entries: Int { counts.withLock { $0.entries } }
    var bytes: Int64 { counts.withLock { $0.bytes } }

    func count(_ event: RuntimeEvent) {
        guard case .sync(_, .plan(let summary)) = event else { return }
        counts.withLock {
            $0.entries += summary.created + summary.updated + summary.modeChanged + summary.deleted
            $0.bytes += summary.bytesToWrite
        }
    }
}
