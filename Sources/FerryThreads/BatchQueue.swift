/// Hands batches from one thread to a few others; the number that wait or are worked on is bounded, and they are recycled.
package final class BatchQueue<Batch: Sendable>: Sendable {
    private struct Contents {
        var waiting: [Batch] = []
        var free: [Batch]
        let total: Int
        var workers: Int
        var isClosed = false
    }

    private let contents: Monitor<Contents>
    private let crew = ThreadSet()

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - batches: Empty batches; there are never more.
    ///   - threads: How many workers to start.
    ///   - name: The threads' name.
    ///   - descriptors: Whose descriptors the threads use.
    ///   - makeState: Makes a worker's own state, on its thread.
    ///   - work: Works a batch off and empties it.
    /// - Throws: ``ThreadError`` when not even one worker could be started.
    package init<State: ~Copyable>(
        batches: [Batch], threads: Int, named name: String, descriptors: BlockingThread.Descriptors = .shared,
        state makeState: @escaping @Sendable (Int) -> State,
        work: @escaping @Sendable (Batch, inout State) -> Void
    ) throws(ThreadError) {
        let contents = Monitor(Contents(free: batches, total: batches.count, workers: threads))
        self.contents = contents
        for index in 0..<threads {
            do throws(ThreadError) {
                let thread = try BlockingThread(named: "\(name)-\(index)", descriptors: descriptors) {
                    var state = makeState(index)
                    while let batch = Self.take(contents) {
                        work(batch, &state)
                        contents.withLock {
                            contents.state.free.append(batch)
                            contents.broadcast()
                        }
                    }
                }
                crew.add(thread)
            } catch {
                let left = contents.withLock { () -> Int in
                    contents.state.workers -= 1
                    return contents.state.workers
                }
                if left == 0 { throw error }
            }
        }
    }

    private static func take(_ contents: Monitor<Contents>) -> Batch? {
        contents.withLock {
            while contents.state.waiting.isEmpty {
                if contents.state.isClosed { return nil }
                contents.wait()
            }
            return contents.state.waiting.removeFirst()
        }
    }

    /// An empty batch, as soon as there is one.
    package func empty() -> Batch {
        contents.withLock {
            while true {
                if let batch = contents.state.free.popLast() { return batch }
                contents.wait()
            }
        }
    }

    /// Hands a batch over.
    ///
    /// It must not be touched afterwards.
    package func submit(_ batch: Batch) {
        contents.withLock {
            contents.state.waiting.append(batch)
            contents.broadcast()
        }
    }

    /// Waits until everything that was submitted is done.
    ///
    /// The caller must not hold a batch.
    package func drain() {
        contents.withLock {
            while contents.state.free.count < contents.state.total { contents.wait() }
        }
    }

    /// Lets the workers end and waits for them.
    ///
    /// What was submitted is still done.
    package func close() {
        contents.withLock {
            contents.state.isClosed = true
            contents.broadcast()
        }
        crew.join()
    }
}
