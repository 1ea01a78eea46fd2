package import FerryCore
import SystemPackage

/// A file that a roll-back put back into the workspace: the same file, and yet its ctime is new.
struct ReturnedFile: Sendable {
    /// Where it is.
    var path: [UInt8]
    /// What the journal says that it was.
    var old: EntryState
    /// Its ctime before the run.
    var change: Timestamp
    /// Its ctime when it was back, where a roll-back that was killed noted it; nil when this one put it back.
    var noted: Timestamp?
}

/// Notes of each file that a roll-back puts back what it is known by from then on.
///
/// A roll-back that is killed cannot tell the baselines, and the next one finds those files in their places: without the notes it could
/// not tell them from edited ones.
struct ReturnLog {
    let area: RunArea
    let journal: [UInt8]

    private static let largest: Int64 = 1 << 30

    /// The name of the file in the run's area.
    static func name(of journal: some Collection<UInt8>) -> TerminatedName {
        TerminatedName(unchecked: ArraySlice(Array("returned-".utf8) + journal + [0]))
    }

    /// Adds a file.
    ///
    /// A note that cannot be written costs a conflict at most, and only when this roll-back is killed: it goes on.
    func note(_ file: ReturnedFile, changed: Timestamp) {
        var body = ByteEncoder()
        body.add(name: file.path)
        body.add(file.old)
        body.add(file.change)
        body.add(changed)
        var frame = ByteEncoder()
        frame.add(name: body.bytes)
        try? area.directory.handle.openForAppending(Self.name(of: journal)).write(frame.bytes.span)
    }

    /// What earlier roll-backs of the run noted; the last note may be cut.
    func files() -> [ReturnedFile] {
        guard let file = try? area.directory.handle.openFile(Self.name(of: journal)), let status = try? file.status(),
            status.kind == .file, status.size <= Self.largest, let bytes = try? file.bytes(Int(status.size), at: 0)
        else { return [] }
        var decoder = ByteDecoder(bytes)
        var files: [ReturnedFile] = []
        while !decoder.isAtEnd, let frame = try? decoder.name() {
            var body = ByteDecoder(frame)
            guard let path = try? body.name(), let old = try? body.state(), let change = try? body.time(),
                let noted = try? body.time()
            else { break }
            files.append(ReturnedFile(path: path, old: old, change: change, noted: noted))
        }
        return files
    }
}

extension JournalRunner {
    /// What the files that were put back were known by before the run, and are known by now.
    ///
    /// Of each file it was seen that it is what left the workspace, and from then on it was out of everybody's reach. One that was
    /// changed since it came back, or that cannot be looked at, is left out.
    ///
    /// - Returns: The new fingerprints by the old ones.
    package mutating func returnedFingerprints() -> [FerryCore.Fingerprint: FerryCore.Fingerprint] {
        var result: [FerryCore.Fingerprint: FerryCore.Fingerprint] = [:]
        workspace.forget([])
        // A file with several names is moved by each of them, and the last time counts.
        var noted: [UInt64: Timestamp] = [:]
        for file in returned { if let time = file.noted { noted[file.old.inode] = time } }
        for file in returned {
            guard let now = status(of: file.path), file.old.matches(now), now.mode == file.old.mode else { continue }
            // Between the kill and now somebody may have edited it and hidden that from its size and time.
            if file.noted != nil, noted[file.old.inode] != now.ctime { continue }
            let print = FerryCore.Fingerprint(
                mode: now.mode, size: now.size, mtime: now.mtime, ctime: now.ctime, inode: now.inode,
                device: now.device)
            var before = print
            before.ctime = file.change
            result[before] = print
        }
        if let last = result.values.map(\.ctime).max() { StampClock.pass(last) }
        return result
    }

    mutating func status(of path: [UInt8]) -> EntryStatus? {
        let slash = path.lastIndex(of: RelativePath.separator)
        let name = TerminatedName(unchecked: ArraySlice(Array(path[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
        return try? workspace.open(slash.map { Array(path[..<$0]) } ?? []).handle.status(of: name)
    }
}
