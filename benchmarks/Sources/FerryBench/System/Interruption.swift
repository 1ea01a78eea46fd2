import Glibc
import Synchronization

/// What must not outlive the benchmark: running programs, mounted images, directories; undone at the end and on signals.
///
/// SIGINT, SIGTERM and SIGHUP are blocked everywhere and taken by one thread of their own, which also enforces the
/// deadline of a pipeline; so nothing has to be safe inside a signal handler.
enum Interruption {
    private struct State {
        var group: pid_t = 0
        var expiry: timespec?
        var servers: [pid_t] = []
        var mounts: [String] = []
        var directories: [String] = []
        var isLeaving = false
    }

    private static let state = Mutex(State())

    /// Begins to watch for signals; call it once, before any other thread exists.
    static func install() {
        var signals = watched()
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        unsafe pthread_create(
            &thread, nil,
            { _ in
                Interruption.watch()
                return nil
            }, nil)
    }

    /// Names the process group that runs now, and when it has run for too long.
    static func begin(group: pid_t, deadline: Int) {
        var expiry = Clock.now()
        expiry.tv_sec += deadline
        state.withLock {
            $0.group = group
            $0.expiry = expiry
        }
    }

    /// Says that no process group runs any more.
    static func end() {
        state.withLock { $0.group = 0 }
    }

    /// Waits for the end of the program when it is being torn down: nothing new must be started then.
    static func checkpoint() {
        while state.withLock({ $0.isLeaving }) { sleep(1) }
    }

    /// Notes a server to end at the end.
    static func add(server: pid_t) {
        state.withLock { $0.servers.append(server) }
    }

    /// Forgets a server that has ended.
    static func remove(server: pid_t) {
        state.withLock { $0.servers.removeAll { $0 == server } }
    }

    /// Notes a mount point to unmount at the end.
    static func add(mount: String) {
        state.withLock { $0.mounts.append(mount) }
    }

    /// Forgets a mount point that has been unmounted.
    static func remove(mount: String) {
        state.withLock { $0.mounts.removeAll { $0 == mount } }
    }

    /// Notes a directory to delete, with all below it, at the end.
    static func add(directory: String) {
        state.withLock { $0.directories.append(directory) }
    }

    /// Cleans up at the regular end.
    ///
    /// When a signal came, its thread does so and ends the program: wait for that.
    static func finish() {
        checkpoint()
        cleanUp()
    }

    /// Unmounts and deletes all that was noted; safe to call more than once.
    private static func cleanUp() {
        let (servers, mounts, directories) = state.withLock { state in
            defer {
                state.servers = []
                state.mounts = []
                state.directories = []
            }
            return (state.servers, state.mounts, state.directories)
        }
        for server in servers { kill(-server, SIGTERM) }
        // Lazily: a comparison may hold a file open at this moment, and the loop device goes with its last user.
        for mount in mounts.reversed() where unsafe umount2(mount, 0) != 0 { unsafe umount2(mount, Int32(MNT_DETACH)) }
        for directory in directories { Tools.removeTree(directory) }
    }

    private static func watched() -> sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
        return signals
    }

    private static func watch() {
        var signals = watched()
        var second = timespec(tv_sec: 1, tv_nsec: 0)
        while true {
            let signal = unsafe sigtimedwait(&signals, nil, &second)
            if signal > 0 {
                state.withLock { state in
                    state.isLeaving = true
                    if state.group > 0 { kill(-state.group, SIGKILL) }
                }
                cleanUp()
                _exit(128 + signal)
            }
            state.withLock { state in
                guard state.group > 0, let expiry = state.expiry else { return }
                if Clock.seconds(from: expiry, to: Clock.now()) > 0 { kill(-state.group, SIGKILL) }
            }
        }
    }
}
