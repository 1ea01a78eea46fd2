package import SystemPackage

/// Why a child process could not be started, fed or waited for.
package enum ProcessError: Error, Sendable, Equatable {
    /// Somebody asked to stop.
    case cancelled
    /// It ran longer than it may.
    case deadline
    /// Neither side sent anything for longer than is allowed.
    case idle
    /// It no longer reads its standard input.
    case closedInput
    /// There is no such program, or it may not be run.
    case noProgram(Errno)
    /// A system call failed.
    case system(call: String, Errno)
    /// The calling thread has descriptors of its own, in which a child's pipes are not.
    case foreignThread
}

extension ProcessError: CustomStringConvertible {
    /// The reason as a clause.
    package var description: String {
        switch self {
        case .cancelled: "it was told to stop"
        case .deadline: "its deadline was over"
        case .idle: "nothing was sent or received for too long"
        case .closedInput: "it no longer reads its input"
        case .noProgram(let errno): "the program cannot be run: \(errno)"
        case .system(let call, let errno): "\(call): \(errno)"
        case .foreignThread: "it was used from a thread that has file descriptors of its own"
        }
    }
}
