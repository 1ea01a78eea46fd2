import Glibc

/// Some state, a mutex that guards it and a condition to wait for: what every blocking structure here is made of.
@safe
package final class Monitor<State>: @unchecked Sendable {
    // SAFETY: both live on the heap at a fixed address from init to deinit, as pthreads demands, and are only touched
    // through pthread calls, which synchronise themselves. `state` is only touched inside `withLock`.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// What the mutex guards.
    ///
    /// Touch it inside ``withLock(_:)`` only, and never across a ``wait()`` in one access.
    package var state: State

    package init(_ state: State) {
        self.state = state
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs the body while holding the mutex.
    package func withLock<Value: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure)
        -> Value
    {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Gives up the mutex until somebody signals, then takes it again.
    ///
    /// Call it inside ``withLock(_:)``, in a loop.
    package func wait() {
        unsafe pthread_cond_wait(condition, mutex)
    }

    /// Like ``wait()``, but gives up after a while.
    package func wait(atMost duration: Duration) {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &deadline)
        let parts = duration.components
        let nanoseconds = deadline.tv_nsec + Int(parts.attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(parts.seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        unsafe pthread_cond_timedwait(condition, mutex, &deadline)
    }

    /// Wakes one waiting thread.
    package func signal() {
        unsafe pthread_cond_signal(condition)
    }

    /// Wakes all waiting threads.
    package func broadcast() {
        unsafe pthread_cond_broadcast(condition)
    }
}
