import Synchronization

/// Runs jobs that beget jobs (a directory and its subdirectories) on a few threads.
///
/// Each worker keeps its own stack and works depth first, so the descriptors that it holds are close to what it needs next.
/// It gives away half of its oldest jobs only while another worker is idle: waking the other core costs more than a small
/// job, so sharing happens seldom and in bulk.
package enum WorkCrew {
    /// Runs the jobs and everything they spawn, and returns when all is done.
    ///
    /// - Parameters:
    ///   - jobs: The first jobs.
    ///   - threads: How many threads to use, at least one.
    ///   - name: The threads' name.
    ///   - makeState: Makes a worker's own state, on its thread.
    ///   - work: Does one job; jobs appended to the array are run later by some worker.
    ///   - finish: Turns a worker's state into its result.
    /// - Returns: The workers' results.
    /// - Throws: ``ThreadError`` when not even one thread could be started.
    package static func run<Job: Sendable, State: ~Copyable, Output: Sendable>(
        _ jobs: [Job], threads: Int, named name: String,
        state makeState: @escaping @Sendable (Int) -> State,
        work: @escaping @Sendable (Job, inout State, inout [Job]) -> Void,
        finish: @escaping @Sendable (consuming State) -> Output
    ) throws(ThreadError) -> [Output] {
        let pool = JobPool(jobs: jobs, workers: threads)
        let results = Mutex<[Output]>([])
        let worker: @Sendable (Int) -> Void = { index in
            var state = makeState(index)
            var local: [Job] = []
            while pool.refill(&local) {
                while let job = local.popLast() {
                    work(job, &state, &local)
                    pool.share(&local)
                }
            }
            let output = finish(state)
            results.withLock { $0.append(output) }
        }
        try withThreads(count: threads, named: name, pool: pool, worker)
        return results.withLock { $0 }
    }

    /// Starts the threads one inside the other's scope, so that each is joined whatever happens to the next.
    private static func withThreads<Job: Sendable>(
        count: Int, named name: String, pool: JobPool<Job>, _ worker: @escaping @Sendable (Int) -> Void
    ) throws(ThreadError) {
        let index = count - 1
        let thread: BlockingThread
        do {
            thread = try BlockingThread(named: "\(name)-\(index)", descriptors: .own) { worker(index) }
        } catch {
            // Fewer threads are slower, not wrong, as long as there is one.
            if index == 0 { throw error }
            pool.workerIsMissing()
            return try withThreads(count: index, named: name, pool: pool, worker)
        }
        if index > 0 {
            do {
                try withThreads(count: index, named: name, pool: pool, worker)
            } catch {
                pool.workerIsMissing()
            }
        }
        thread.join()
    }
}

/// The jobs that no worker holds.
private final class JobPool<Job: Sendable>: Sendable {
    private struct Contents {
        var jobs: [Job]
        var workers: Int
        var waiting = 0
        var isDone = false
    }

    private let monitor: Monitor<Contents>
    /// How many workers wait; read without the lock at every job.
    private let hungry = Atomic<Int>(0)

    init(jobs: [Job], workers: Int) {
        monitor = Monitor(Contents(jobs: jobs, workers: workers))
    }

    /// Waits for work.
    ///
    /// Returns false when everything is done.
    func refill(_ local: inout [Job]) -> Bool {
        monitor.withLock {
            while !monitor.state.isDone {
                let available = monitor.state.jobs.count
                if available > 0 {
                    let share = max(1, available / monitor.state.workers)
                    local = Array(monitor.state.jobs.suffix(share))
                    monitor.state.jobs.removeLast(share)
                    return true
                }
                if monitor.state.waiting + 1 == monitor.state.workers {
                    monitor.state.isDone = true
                    monitor.broadcast()
                    return false
                }
                monitor.state.waiting += 1
                hungry.add(1, ordering: .relaxed)
                monitor.wait()
                hungry.subtract(1, ordering: .relaxed)
                monitor.state.waiting -= 1
            }
            return false
        }
    }

    /// Gives away the older half of a worker's jobs when somebody waits for some.
    func share(_ local: inout [Job]) {
        guard local.count > 1, hungry.load(ordering: .relaxed) > 0 else { return }
        let half = local.count / 2
        monitor.withLock {
            monitor.state.jobs.append(contentsOf: local.prefix(half))
            monitor.signal()
        }
        local.removeFirst(half)
    }

    /// One worker less than planned will ever wait.
    func workerIsMissing() {
        monitor.withLock {
            monitor.state.workers -= 1
            if monitor.state.waiting >= monitor.state.workers { monitor.state.isDone = true }
            monitor.broadcast()
        }
    }
}
