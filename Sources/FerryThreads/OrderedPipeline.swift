/// Work that several threads do ahead and one takes in order, which does some of it, too, while the next result is not there.
///
/// What it takes right after it made it is still in its core's cache, and no core has more threads than it needs.
///
/// The number of results that wait is bounded, so memory is, whatever the work. Results are recycled.
package enum OrderedPipeline {
    /// Runs.
    ///
    /// - Parameters:
    ///   - count: How many pieces of work there are.
    ///   - threads: How many threads work, the calling one among them; one more works ahead of it in any case.
    ///   - ahead: How many results may wait.
    ///   - name: The threads' name.
    ///   - descriptors: Whose descriptors the threads use.
    ///   - makeResult: Makes an empty result; as many are made as may wait.
    ///   - makeState: Makes a worker's own state.
    ///   - work: Does one piece, on a worker.
    ///   - meanwhile: What the calling thread does first, while the others already work ahead.
    ///   - take: Takes the results one after the other, on the calling thread.
    /// - Throws: What `meanwhile` and `take` throw, and then the work still to be done is dropped.
    package static func run<Result: Sendable, State: ~Copyable, Failure: Error>(
        count: Int, threads: Int, ahead: Int, named name: String, descriptors: BlockingThread.Descriptors = .shared,
        result makeResult: () -> Result,
        state makeState: @escaping @Sendable () -> State,
        work: @escaping @Sendable (Int, Result, inout State) -> Void,
        meanwhile: () throws(Failure) -> Void,
        take: (Int, Result) throws(Failure) -> Void
    ) throws(Failure) {
        let belt = Belt(count: count, free: (0..<ahead).map { _ in makeResult() })
        let worker: @Sendable () -> Void = {
            var state = makeState()
            while let (index, result) = belt.claim() {
                work(index, result, &state)
                belt.deliver(index, result)
            }
        }
        let crew = ThreadSet()
        for _ in 0..<max(1, threads - 1) {
            // Where the system refuses a thread, the others do its share.
            if let thread = try? BlockingThread(named: name, descriptors: descriptors, worker) { crew.add(thread) }
        }
        // What the workers hold on to is let go before this returns: with descriptors of their own, nobody else must be left to
        // close one.
        defer {
            belt.stop()
            crew.join()
        }
        try meanwhile()
        var state = makeState()
        var index = 0
        while index < count {
            switch belt.next(index) {
            case .ready(let result):
                try take(index, result)
                belt.recycle(result)
                index += 1
            case .open(let position, let result):
                work(position, result, &state)
                belt.deliver(position, result)
            }
        }
    }
}

/// Pieces of work on their way from the workers to the one who takes them.
private final class Belt<Result: Sendable>: Sendable {
    private struct Contents {
        let count: Int
        var free: [Result]
        var nextToClaim = 0
        var ready: [Int: Result] = [:]
        var isStopped = false
    }

    private let contents: Monitor<Contents>

    init(count: Int, free: [Result]) {
        contents = Monitor(Contents(count: count, free: free))
    }

    /// Takes the next piece of work and an empty result; nil when there is no more.
    func claim() -> (Int, Result)? {
        contents.withLock {
            while !contents.state.isStopped, contents.state.nextToClaim < contents.state.count {
                if let result = contents.state.free.popLast() {
                    defer { contents.state.nextToClaim += 1 }
                    return (contents.state.nextToClaim, result)
                }
                contents.wait()
            }
            return nil
        }
    }

    func deliver(_ index: Int, _ result: Result) {
        contents.withLock {
            contents.state.ready[index] = result
            contents.broadcast()
        }
    }

    /// The next result, or, as long as it is not there, the next piece of work.
    enum Turn {
        case ready(Result)
        case open(Int, Result)
    }

    /// Waits for a result only where there is nothing to be done meanwhile.
    func next(_ index: Int) -> Turn {
        contents.withLock {
            while true {
                if let result = contents.state.ready.removeValue(forKey: index) { return .ready(result) }
                if contents.state.nextToClaim < contents.state.count, let result = contents.state.free.popLast() {
                    defer { contents.state.nextToClaim += 1 }
                    return .open(contents.state.nextToClaim, result)
                }
                contents.wait()
            }
        }
    }

    func recycle(_ result: Result) {
        contents.withLock {
            contents.state.free.append(result)
            contents.broadcast()
        }
    }

    /// Lets every worker end.
    func stop() {
        contents.withLock {
            contents.state.isStopped = true
            contents.broadcast()
        }
    }
}
