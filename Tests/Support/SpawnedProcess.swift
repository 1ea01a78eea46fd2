package import Glibc

/// A program that runs beside the tests.
///
/// Not Foundation's `Process`: sshd closes the descriptor by which that notices a process's end, and then it waits for ever.
package final class SpawnedProcess {
    /// Why a program could not be started: an `errno`.
    package struct Failure: Error {
        package let code: Int32
    }

    package let identifier: pid_t
    private var hasEnded = false

    /// Starts a program; its output goes nowhere.
    package init(_ program: String, _ arguments: [String]) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer { unsafe words.forEach { unsafe free($0) } }
        var identifier: pid_t = 0
        let code = unsafe posix_spawn(&identifier, program, &actions, nil, words, environ)
        guard code == 0 else { throw Failure(code: code) }
        self.identifier = identifier
    }

    /// Whether it has not ended yet.
    package var isRunning: Bool {
        if hasEnded { return false }
        if waitpid(identifier, nil, WNOHANG) != 0 { hasEnded = true }
        return !hasEnded
    }

    /// Ends it and waits for that.
    package func stop() {
        guard isRunning else { return }
        kill(identifier, SIGTERM)
        for _ in 0..<200 where isRunning { usleep(10_000) }
        if isRunning {
            kill(identifier, SIGKILL)
            waitpid(identifier, nil, 0)
            hasEnded = true
        }
    }

    deinit { stop() }
}
