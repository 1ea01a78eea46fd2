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
        let isFirst = plan.destination.entryCount == 0
        return AppliedState(
            source: plan.source, destination: isFirst ? whole(plan, result, device) : written(plan, result, device),
            sourceStamp: stamp,
            // Each file was looked at when its last change had been made, by whoever made it.
            destinationStamp: ScanStamp(start: Timestamp(seconds: .max / 2), granularity: 0),
            destinationIsPartial: !isFirst, failed: Set(problems.filter(\.isFailure).map(\.path)))
    }

    /// The workspace's own tree, with what files have of their own in the sandbox.
    ///
    /// What is not among the written keeps the workspace's inode there, which no file of the sandbox has.
    private static func whole(_ plan: Plan, _ result: CopyResult, _ device: UInt64) -> Snapshot {
        var snapshot = plan.source
        snapshot.amendDevices(to: device)
        for file in result.written {
            snapshot.amend(
                file.id, inode: file.inode,
                ctime: Timestamp(seconds: file.ctimeSeconds, nanoseconds: file.ctimeNanoseconds))
        }
        return snapshot
    }

    private static func written(_ plan: Plan, _ result: CopyResult, _ device: UInt64) -> Snapshot {
        var tree = TreeBuilder()
        for file in result.written {
            let record = plan.source[file.id]
            let status = EntryStatus(
                kind: .file, mode: record.mode, size: record.size, mtime: record.mtime,
                ctime: Timestamp(seconds: file.ctimeSeconds, nanoseconds: file.ctimeNanoseconds), inode: file.inode,
                device: device)
            // The paths of a plan always fit into a tree.
            _ = try? tree.insert(RelativePath(unchecked: plan.source.path(of: file.id)), status: status) { _ in }
        }
        return tree.finish()
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
