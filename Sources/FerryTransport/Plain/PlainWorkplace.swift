import FerryCore
import FerryThreads
import Synchronization

/// The directory of the sandbox in which the commands of a ``PlainSandbox`` have their files.
///
/// Made at the first command, with a look for what processes left there that run no more.
final class PlainWorkplace: Sendable {
    private struct State {
        var isMade = false
        var isClosed = false
        var last = 0
        var active: Set<Int> = []
        /// How many runs did not say that nothing of theirs is beside the directory.
        var unsure = 0
        /// The command that was written last and the path of its file: a session runs the same again and again.
        var program: (text: [UInt8], path: String)?
    }

    let calls: PlainCalls
    let sandbox: String
    let limits: PlainLimits
    /// The directory.
    let path: String
    /// Where files are when commands cannot write to the directory.
    var pathBeside: String { path + ".out" }

    private let name: String
    private let state = Mutex(State())
    /// Held while the directory is made: others wait for that.
    private let making = Monitor(())

    private static let prefix = ".ferry-plain-"
    /// The number under which the directory is made; those of commands are larger.
    private static let opening = 0
    /// What another system made is left behind when it is older than so many seconds.
    private static let longestSync: Int64 = 86_400
    /// How long a call that was cancelled may take to end.
    private static let longestSettling = Duration.seconds(3)
    /// How long removing may take at the end.
    private static let longestFarewell = Duration.seconds(20)
    /// The directories that this process uses.
    private static let inUse = Mutex<Set<String>>([])

    init(_ client: any PlainClient, sandbox: String, _ limits: PlainLimits) {
        calls = PlainCalls(client, sandbox: sandbox)
        self.sandbox = sandbox
        self.limits = limits
        name = "\(Self.prefix)\(ProcessMark.now().text)-\(RemoteNonce().text)"
        path = (limits.directory == "/" ? "" : limits.directory) + "/" + name
    }

    deinit { _ = Self.inUse.withLock { $0.remove(name) } }

    // MARK: Commands

    /// Admits a command.
    ///
    /// - Parameter command: The command.
    /// - Returns: Its number, larger than those before.
    /// - Throws: ``TransportError``.
    func enter(_ command: SandboxCommand) throws(TransportError) -> Int {
        try make(command)
        return state.withLock { state in
            state.last += 1
            state.active.insert(state.last)
            return state.last
        }
    }

    /// Notes that a command needs its files no more.
    func leave(_ number: Int) { _ = state.withLock { $0.active.remove(number) } }

    /// Notes that a command is about to be run, which may make files beside the directory.
    func begin() { state.withLock { $0.unsure += 1 } }

    /// Notes that a run has made no files beside the directory.
    func stayedInside() { state.withLock { $0.unsure -= 1 } }

    /// Whether a command is the only one.
    func isAlone(_ number: Int) -> Bool { state.withLock { $0.active == [number] } }

    /// Finds or writes the file with a command.
    ///
    /// - Parameters:
    ///   - text: The command.
    ///   - number: The number of who needs it.
    ///   - purpose: What for.
    ///   - limit: How long writing may take.
    /// - Returns: Its path.
    /// - Throws: ``TransportError``.
    func program(
        _ text: [UInt8], _ number: Int, for purpose: String, atMost limit: Duration
    ) throws(TransportError) -> String {
        if let known = state.withLock({ $0.program }), known.text == text { return known.path }
        let path = "\(path)/\(number).c"
        let file = PlainRunner.text(text, nonce: RemoteNonce())
        try calls.make("writing a file", for: .init(command: number, text: purpose), atMost: limit) {
            try await $0.writeFile(path, file)
        }
        state.withLock { $0.program = (text, path) }
        return path
    }

    // MARK: The directory

    private func make(_ command: SandboxCommand) throws(TransportError) {
        try making.withLock { () throws(TransportError) in
            let (isMade, isClosed) = state.withLock { ($0.isMade, $0.isClosed) }
            guard !isClosed else {
                throw TransportError(
                    .cancelled, sandbox: sandbox, purpose: command.purpose, reason: "the sandbox was closed")
            }
            if isMade { return }
            guard limits.directoryIsPlain else {
                throw TransportError(
                    .unsupported, sandbox: sandbox, purpose: command.purpose,
                    reason: "the directory for temporary files is no absolute path of letters, digits and ._-/")
            }
            let limit = [limits.longestCall, command.idleTimeout, command.deadline].compactMap(\.self).min()
            try prepare(.init(command: Self.opening, text: command.purpose), atMost: limit ?? limits.longestCall)
            state.withLock { $0.isMade = true }
        }
    }

    private func prepare(_ purpose: PlainCalls.Purpose, atMost limit: Duration) throws(TransportError) {
        let (path, directory) = (path, limits.directory)
        _ = Self.inUse.withLock { $0.insert(name) }
        do throws(TransportError) {
            try calls.make("making a directory for temporary files", for: purpose, atMost: limit) {
                try await $0.makeDirectory(path)
            }
            let names = try calls.make("listing the directory for temporary files", for: purpose, atMost: limit) {
                try await $0.list(directory)
            }
            for name in names where Self.isLeftBehind(name) {
                let leftover = (directory == "/" ? "" : directory) + "/" + Self.lastComponent(name)
                try calls.make("removing what was left behind", for: purpose, atMost: limit) {
                    try await $0.remove(leftover)
                }
            }
        } catch {
            // It may have been made all the same.
            remove()
            throw error
        }
    }

    private static func lastComponent(_ path: String) -> Substring {
        path.split(separator: "/").last ?? ""
    }

    /// Whether a name is that of a directory whose process runs no more, or uses it no more.
    private static func isLeftBehind(_ path: String) -> Bool {
        let name = lastComponent(path)
        guard name.hasPrefix(prefix), name.utf8.allSatisfy({ isWordByte($0) }),
            let mark = ProcessMark(name.dropFirst(prefix.count))
        else { return false }
        guard mark.isOfSameProcess(as: ProcessMark.now()) else { return mark.isAbandoned(after: longestSync) }
        let owner = name.hasSuffix(".out") ? name.dropLast(4) : name
        return !inUse.withLock { $0.contains(String(owner)) }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x2E, 0x30...0x39, 0x61...0x7A: true
        default: false
        }
    }

    /// Lets nobody wait any longer for the directory to be made.
    func interrupt() { calls.stop(Self.opening) }

    /// Stops all commands and removes the directory, as far as the sandbox can be reached.
    func close() {
        making.withLock {
            let (wasClosed, isMade, active) = state.withLock { state in
                defer { state.isClosed = true }
                return (state.isClosed, state.isMade, state.active)
            }
            guard !wasClosed else { return }
            for number in active { calls.stop(number) }
            if isMade { remove() }
        }
    }

    /// Removes the directory; what fails here, the next sandbox removes.
    private func remove() {
        // A file that is still being written would come after the removal.
        calls.settle(atMost: Self.longestSettling)
        let isBeside = state.withLock { $0.unsure > 0 }
        for leftover in isBeside ? [path, pathBeside] : [path] {
            _ = try? calls.make(
                "removing temporary files", for: .init(text: "clearing up"), atMost: Self.longestFarewell
            ) {
                try await $0.remove(leftover)
            }
        }
        _ = Self.inUse.withLock { $0.remove(name) }
    }
}
