import FerryProcess
import FerryThreads
import Foundation
import SystemPackage
import Testing

private func shell(_ script: String) -> ChildLaunch { ChildLaunch(["sh", "-c", script].map { Array($0.utf8) }) }

/// Runs on a thread that may block.
private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BlockingThread.run(named: "test", body)
}

private func readAll(_ child: ChildProcess) throws -> String {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
        var span = buffer.mutableSpan
        let count = try child.read(into: &span)
        if count == 0 { return String(decoding: output, as: UTF8.self) }
        output += buffer[..<count]
    }
}

/// Whether a process is there, one that only waits to be reaped included.
private func exists(_ number: some StringProtocol) -> Bool {
    Int32(String(number.filter(\.isNumber))).map { kill($0, 0) == 0 } ?? true
}

@Suite("Child processes")
struct ChildProcessTests {
    @Test("A file goes into the pipe in the kernel, from its current position to its end")
    func splice() async throws {
        let (output, moved) = try await blocking {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(
                "ferry-splice-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data("0123456789".utf8).write(to: file)
            let handle = try FileHandle(forReadingFrom: file)
            try handle.seek(toOffset: 3)
            let child = try ChildProcess(shell("cat"))
            var moved: [Int?] = []
            for count in [4, 100, 100] { moved.append(try child.splice(from: handle.fileDescriptor, count: count)) }
            child.closeInput()
            let output = try readAll(child)
            #expect(try child.wait().status == 0)
            return (output, moved)
        }
        #expect(output == "3456789")
        #expect(moved == [4, 3, 0])
    }

    @Test("A splice into a command that does not read waits for room and is woken by a request to stop")
    func blockedSplice() async throws {
        try await blocking {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(
                "ferry-splice-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(count: 8 << 20).write(to: file)
            let handle = try FileHandle(forReadingFrom: file)
            var launch = shell("sleep 60")
            launch.idleTimeout = .milliseconds(300)
            let child = try ChildProcess(launch)
            #expect(throws: ProcessError.idle) {
                while try child.splice(from: handle.fileDescriptor, count: 8 << 20) != 0 {}
            }
            _ = #expect(throws: ProcessError.idle) { _ = try child.wait() }
        }
    }

    @Test("What ignores SIGTERM is killed after two seconds, and nothing is left of it")
    func stubborn() async throws {
        let (number, time) = try await blocking {
            let child = try ChildProcess(shell("trap '' TERM; echo $$; while :; do sleep 1; done"))
            var buffer = [UInt8](repeating: 0, count: 100)
            var span = buffer.mutableSpan
            let count = try child.read(into: &span)
            let start = ContinuousClock.now
            child.terminate()
            #expect(throws: ProcessError.cancelled) { _ = try child.wait() }
            return (String(decoding: buffer[..<count], as: UTF8.self), ContinuousClock.now - start)
        }
        #expect(!exists(number))
        #expect(time > .milliseconds(1_900) && time < .seconds(4))
    }

    @Test("What a command leaves behind in its group goes with it, though it holds the output open")
    func leftBehind() async throws {
        let output = try await blocking {
            let child = try ChildProcess(shell("sleep 300 & echo $!; exit 4"))
            var buffer = [UInt8](repeating: 0, count: 100)
            var span = buffer.mutableSpan
            let count = try child.read(into: &span)
            #expect(try child.wait().status == 4)
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
        // Whoever inherits it reaps it in its own time.
        for _ in 0..<50 where exists(output) { try await Task.sleep(for: .milliseconds(100)) }
        #expect(!exists(output))
    }

    @Test("A child goes with the last reference to it")
    func released() async throws {
        let number = try await blocking {
            let child = try ChildProcess(shell("echo $$; exec sleep 300"))
            var buffer = [UInt8](repeating: 0, count: 100)
            var span = buffer.mutableSpan
            let count = try child.read(into: &span)
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
        for _ in 0..<50 where exists(number) { try await Task.sleep(for: .milliseconds(100)) }
        #expect(!exists(number))
    }

    @Test("A thread with descriptors of its own neither holds a child's input open nor uses its pipes")
    func ownDescriptors() async throws {
        let output = try await blocking {
            let child = try ChildProcess(shell("cat; echo end"))
            let hasLooked = Monitor<ProcessError?>(nil)
            let mayEnd = Monitor(false)
            try BlockingThread(named: "own", descriptors: .own) {
                var found: ProcessError?
                do throws(ProcessError) {
                    try child.write([1].span)
                } catch {
                    found = error
                }
                hasLooked.withLock {
                    hasLooked.state = found ?? .cancelled
                    hasLooked.broadcast()
                }
                // Its copies of descriptors, if it had any, would live until here.
                mayEnd.withLock { while !mayEnd.state { mayEnd.wait() } }
            }.detach()
            let found = hasLooked.withLock { () -> ProcessError? in
                while hasLooked.state == nil { hasLooked.wait() }
                return hasLooked.state
            }
            #expect(found == .foreignThread)
            child.closeInput()
            let output = try readAll(child)
            mayEnd.withLock {
                mayEnd.state = true
                mayEnd.broadcast()
            }
            #expect(try child.wait().status == 0)
            return output
        }
        #expect(output == "end\n")
    }

    @Test("A child gets its standard streams and no other descriptor, default signals and none blocked")
    func cleanStart() async throws {
        let output = try await blocking {
            let leaked = unsafe open("/dev/null", O_RDONLY)
            defer { close(leaked) }
            let child = try ChildProcess(shell("ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status"))
            let output = try readAll(child)
            #expect(try child.wait().status == 0)
            return output
        }
        let lines = output.split(separator: "\n")
        // The fourth is the directory that ls reads.
        #expect(lines.prefix(4) == ["0", "1", "2", "3"])
        #expect(lines.dropFirst(4).first == "SigBlk:\t0000000000000000")
        // Signals 32 and 33 are the C library's own, and it alone decides about them.
        let ignored = try #require(lines.last?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
        #expect(ignored & ~(3 << 31) == 0)
    }

    @Test("A program that is missing is told apart from everything else")
    func missing() async throws {
        try await blocking {
            _ = #expect(throws: ProcessError.noProgram(.noSuchFileOrDirectory)) {
                _ = try ChildProcess(ChildLaunch([Array("/nonexistent/ferry".utf8)]))
            }
        }
    }

    @Test("Writing to a child that has gone is an error and not the end of this process")
    func brokenPipe() async throws {
        try await blocking {
            let child = try ChildProcess(shell("exec <&-; echo closed; sleep 3; exit 2"))
            var buffer = [UInt8](repeating: 0, count: 100)
            var span = buffer.mutableSpan
            _ = try child.read(into: &span)
            // Another child that is just being made may hold the pipe's other end for a moment, so one write may still go through.
            var failure: ProcessError?
            for _ in 0..<100 where failure == nil {
                do throws(ProcessError) { try child.write([1].span) } catch { failure = error }
                if failure == nil { usleep(20_000) }
            }
            #expect(failure == .closedInput)
            #expect(try child.wait().status == 2)
        }
    }
}
