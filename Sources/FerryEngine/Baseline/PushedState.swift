import FerryCore
import FerryFileSystem

/// What a directory sandbox is after a push, as far as the push itself knows: nobody looks at the whole tree again.
enum PushedState {
    /// The state after a push into a directory.
    ///
    /// - Parameters:
    ///   - plan: What was done.
    ///   - result: What of it succeeded.
    ///   - stamp: When the workspace's scan began.
    ///   - device: The device of the sandbox's root.
    ///   - problems: What failed, path by path.
    /// - Returns: What the next baseline is made of.
    static func of(
        _ plan: Plan, _ result: CopyResult, stamp: ScanStamp, device: UInt64, problems: [Problem]
    ) -> AppliedState {
        var state = AppliedState(
            source: plan.source, destination: .empty, sourceStamp: stamp, destinationStamp: .never,
            destinationIsPartial: true, failed: Set(problems.filter(\.isFailure).map(\.path)))
        state.written = result.written
        state.written.device = device
        return state
    }
}

extension Problem {
    /// Whether the path is not what the plan wanted.
    var isFailure: Bool {
        switch code {
        case .unreadable, .unwritable, .unstable, .protected: true
        case .skipped, .rescued, .nothingLeft, .baselineLost, .secret, .divergedRepository: false
        }
    }
}
