/// Threads that are joined together, when all their work is done.
package final class ThreadSet: Sendable {
    // SAFETY: a member is only touched by who took it out of the monitor's array.
    private final class Member: @unchecked Sendable {
        private var thread: BlockingThread?

        init(_ thread: consuming BlockingThread) { self.thread = consume thread }

        func join() {
            guard let thread = thread.take() else { return }
            thread.join()
        }
    }

    private let members = Monitor<[Member]>([])

    package init() {}

    /// Takes a thread over.
    package func add(_ thread: consuming BlockingThread) {
        let member = Member(thread)
        members.withLock { members.state.append(member) }
    }

    /// Waits until every thread has ended, and with it all that its body held on to.
    package func join() {
        let all = members.withLock { () -> [Member] in
            defer { members.state = [] }
            return members.state
        }
        for member in all { member.join() }
    }
}
