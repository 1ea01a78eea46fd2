/// Work on a thread of its own whose result somebody fetches later.
package struct BackgroundWork<Value: Sendable>: ~Copyable {
    private let outcome: Monitor<Value?>
    private let thread: BlockingThread

    /// Starts the work.
    ///
    /// - Parameters:
    ///   - name: The thread's name.
    ///   - work: The work.
    /// - Throws: ``ThreadError``.
    package init(named name: String, _ work: @escaping @Sendable () -> Value) throws(ThreadError) {
        let outcome = Monitor<Value?>(nil)
        self.outcome = outcome
        thread = try BlockingThread(named: name) {
            let value = work()
            outcome.withLock { outcome.state = value }
        }
    }

    /// Tells whether the work goes on, whenever it is asked.
    package var goesOn: () -> Bool {
        let outcome = outcome
        return { outcome.withLock { outcome.state == nil } }
    }

    /// Waits until the work is done.
    ///
    /// - Returns: What came out of it.
    package consuming func value() -> Value? {
        let outcome = outcome
        thread.join()
        return outcome.withLock { outcome.state }
    }
}
