import CFerryShims
import Glibc

/// A plain thread for work that blocks.
///
/// Blocking calls stay off Swift's cooperative pool, which has as many threads as the machine has cores: one blocked there
/// stops everything. A thread that nobody joins ends by itself.
package struct BlockingThread: ~Copyable {
    private let handle: pthread_t

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: Shown by debuggers and `top -H`; the kernel keeps 15 bytes.
    ///   - descriptors: Whether the thread shares its descriptors with the process.
    ///   - body: What the thread runs.
    /// - Throws: ``ThreadError`` when the system refuses another thread.
    package init(
        named name: String, descriptors: Descriptors = .shared, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        let context = unsafe Unmanaged.passRetained(ThreadBody(name: name, descriptors: descriptors, run: body))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { raw in
                guard let raw = unsafe raw else { return nil }
                let body = unsafe Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue()
                unsafe ferry_name_thread(body.name)
                switch body.descriptors {
                case .shared: break
                case .own: ferry_own_descriptors()
                case .only(let kept): ferry_own_descriptor_only(kept)
                }
                body.run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            unsafe context.release()
            throw ThreadError(errno: status)
        }
        handle = thread
    }

    deinit { pthread_detach(handle) }

    /// Waits until the thread has ended.
    package consuming func join() {
        pthread_join(handle, nil)
        discard self
    }
}

/// The system refused a thread.
package struct ThreadError: Error, Sendable {
    /// What `pthread_create` returned.
    package let errno: Int32
}

private final class ThreadBody: Sendable {
    let name: String
    let descriptors: BlockingThread.Descriptors
    let run: @Sendable () -> Void

    init(name: String, descriptors: BlockingThread.Descriptors, run: @escaping @Sendable () -> Void) {
        self.descriptors = descriptors
        self.name = String(name.prefix(15))
        self.run = run
    }
}

extension BlockingThread {
    /// Whose descriptors a thread uses.
    package enum Descriptors: Sendable, Hashable {
        /// The process's.
        case shared
        /// Those that were open when it began, and from then on its own.
        ///
        /// Saves atomic operations in every call that takes one, 2 to 3 % of a copy. A descriptor opened by such a thread must
        /// not leave it. It keeps copies of what others close meanwhile, such as the ends of somebody's pipe, so it is only for work
        /// that waits for nobody: else whoever waits for the end of that pipe, and is waited for, waits for ever.
        case own
        /// One that was open when it began, the standard streams, and what it opens itself.
        ///
        /// It has no copy of anything else, so it may also wait for others. A descriptor opened by such a thread must not leave it, and
        /// the one that it keeps has to stay open elsewhere for as long as it runs.
        case only(Int32)
    }

    /// Whether the calling thread has descriptors of its own: the system may refuse them.
    package static var hasOwnDescriptors: Bool { ferry_has_own_descriptors() != 0 }

    /// The number of threads that the engine uses where more would only compete: the cores this process may run on.
    package static var coreCount: Int {
        max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Runs blocking work on a thread of its own and suspends, without blocking a pool thread, until it is done.
    ///
    /// - Parameters:
    ///   - name: The thread's name.
    ///   - work: The blocking work.
    /// - Returns: What the work returned.
    /// - Throws: What the work threw, or ``ThreadError``.
    package static func run<Value: Sendable>(
        named name: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do {
                let thread = try BlockingThread(named: name) {
                    continuation.resume(with: Result { try work() })
                }
                thread.detach()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Lets the thread end by itself.
    package consuming func detach() {}
}
