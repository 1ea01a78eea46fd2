import FerryCore
import SystemPackage

/// Copies the content of one file into another, by the cheapest way that the file systems take.
struct ContentCopier: ~Copyable {
    /// What a copy ended as.
    enum Outcome {
        /// The destination holds exactly what the snapshot saw, or what `status` says when the file has changed since.
        case copied(EntryStatus)
        /// The file kept changing; the destination holds some state of it.
        case unstable(EntryStatus)
    }

    private var buffer = [UInt8](repeating: 0, count: bufferSize)
    private var canClone = true
    private var canCopyInKernel = true

    /// Small files go through one read and one write; it must hold nearly all of them and stay in the second-level cache.
    private static let bufferSize = 256 << 10
    /// How much the kernel copies at once: enough that the calls do not count, little enough to stop soon when asked.
    private static let kernelCopySize = 16 << 20

    /// The name's verdict under which the next small file is looked into for secrets; nil: it is not.
    var wantedSecret: SecretNames.Verdict?
    /// What was found in it.
    private(set) var foundSecret: SecretRule?

    /// Copies.
    ///
    /// The destination must be new and empty.
    ///
    /// A file that changes while it is read is read again, twice at most.
    ///
    /// - Parameters:
    ///   - source: Read from its beginning.
    ///   - expected: The record of the scan; content read under the same fingerprint needs no second look.
    ///   - inode: The inode of the scan.
    ///   - bytes: Counts what was written.
    ///   - makeDestination: Gives the destination; called once, after small content has been read.
    ///   - finish: Gives the finished destination its metadata, from the source's status as of now.
    /// - Returns: How it ended.
    /// - Throws: ``SideFailure``, which says which side failed.
    mutating func copy(
        _ source: borrowing FileHandle, expected: EntryRecord, inode: UInt64, bytes: inout Int64,
        to makeDestination: () throws(Errno) -> FileHandle,
        finish: (borrowing FileHandle, EntryStatus) throws(Errno) -> Void
    ) throws(SideFailure) -> Outcome {
        foundSecret = nil
        let hasHoles = expected.flags.contains(.hasHoles)
        var expected = Fingerprint(size: expected.size, mtime: expected.mtime, ctime: expected.ctime, inode: inode)
        if expected.size < Self.bufferSize, !hasHoles {
            return try copySmall(source, expected: &expected, bytes: &bytes, to: makeDestination, finish: finish)
        }
        let destination = try onDestination { () throws(Errno) in try makeDestination() }
        var status = try onSource { () throws(Errno) in try source.status() }
        if status.kind != .file { throw .source(.invalidArgument) }
        var isStable = false
        for attempt in 0..<3 where !isStable {
            if attempt > 0 { try rewind(source, destination) }
            let before = Fingerprint(status)
            try copyLarge(source, destination, status: status, bytes: &bytes)
            status = try onSource { () throws(Errno) in try source.status() }
            isStable = Fingerprint(status) == before
        }
        try onDestination { () throws(Errno) in try finish(destination, status) }
        return isStable ? .copied(status) : .unstable(status)
    }

    private mutating func copySmall(
        _ source: borrowing FileHandle, expected: inout Fingerprint, bytes: inout Int64,
        to makeDestination: () throws(Errno) -> FileHandle,
        finish: (borrowing FileHandle, EntryStatus) throws(Errno) -> Void
    ) throws(SideFailure) -> Outcome {
        var count = 0
        var status = EntryStatus(kind: .file)
        var isStable = false
        for attempt in 0..<3 where !isStable {
            count = try readWhole(source)
            status = try onSource { () throws(Errno) in try source.status() }
            if status.kind != .file { throw .source(.invalidArgument) }
            // The scan's fingerprint still holds, or the file did not change between two looks.
            isStable = Fingerprint(status) == expected && status.size == Int64(count)
            expected = Fingerprint(status)
            if count == buffer.count {
                // It has grown beyond the buffer since the scan.
                let destination = try onDestination { () throws(Errno) in try makeDestination() }
                try rewind(source, destination)
                try copyLarge(source, destination, status: status, bytes: &bytes)
                let after = try onSource { () throws(Errno) in try source.status() }
                try onDestination { () throws(Errno) in try finish(destination, after) }
                return Fingerprint(after) == expected ? .copied(after) : .unstable(after)
            }
            if attempt == 2 { break }
        }
        let destination = try onDestination { () throws(Errno) in try makeDestination() }
        try onDestination { () throws(Errno) in
            if count > 0 { try destination.write(buffer.span.extracting(..<count)) }
            try finish(destination, status)
        }
        bytes += Int64(count)
        if let wantedSecret, count <= SecretContent.largestFile {
            foundSecret = SecretContent.rule(in: buffer.span.extracting(..<count), named: wantedSecret)
        }
        return isStable ? .copied(status) : .unstable(status)
    }

    /// Reads a file that should fit the buffer.
    ///
    /// A short read of a regular file is its end, so mostly one call does it.
    private mutating func readWhole(_ source: borrowing FileHandle) throws(SideFailure) -> Int {
        try onSource { () throws(Errno) in
            var span = buffer.mutableSpan
            return try source.read(into: &span, at: 0)
        }
    }

    private mutating func copyLarge(
        _ source: borrowing FileHandle, _ destination: borrowing FileHandle, status: EntryStatus,
        bytes: inout Int64
    ) throws(SideFailure) {
        if canClone {
            do throws(Errno) {
                try source.clone(to: destination)
                bytes += status.size
                return
            } catch {
                // Other file system, or one that cannot share blocks: the same answer for every file, so ask once.
                canClone = false
            }
        }
        var offset: Int64 = 0
        if status.allocatedSize < status.size {
            while let range = try onSource({ () throws(Errno) in try source.nextData(from: offset, size: status.size) })
            {
                try copyRange(source, destination, range, bytes: &bytes)
                offset = range.upperBound
            }
            try onDestination { () throws(Errno) in try destination.truncate(to: status.size) }
        } else {
            try copyRange(source, destination, 0..<Int64.max, bytes: &bytes)
        }
    }

    /// Copies a part of the file to the same place, or up to its end.
    private mutating func copyRange(
        _ source: borrowing FileHandle, _ destination: borrowing FileHandle, _ range: Range<Int64>, bytes: inout Int64
    ) throws(SideFailure) {
        // Looking for data moves the source's position, also to find that it begins at once.
        if range.upperBound != .max {
            try onSource { () throws(Errno) in try source.seek(to: range.lowerBound) }
            try onDestination { () throws(Errno) in try destination.seek(to: range.lowerBound) }
        }
        var offset = range.lowerBound
        while offset < range.upperBound, canCopyInKernel {
            do throws(Errno) {
                let wanted = Int(min(Int64(Self.kernelCopySize), range.upperBound - offset))
                let count = try source.copyRange(to: destination, count: wanted)
                if count == 0 { return }
                offset += Int64(count)
                bytes += Int64(count)
            } catch  where [.improperLink, .invalidArgument, .noFunction, .notSupported].contains(error) {
                canCopyInKernel = false
            } catch {
                // The call does not say which side failed; a full disk is the destination's.
                throw error == .ioError ? .source(error) : .destination(error)
            }
        }
        while offset < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - offset))
            let count = try onSource { () throws(Errno) in
                var span = buffer.mutableSpan
                var window = span._mutatingExtracting(..<wanted)
                return try source.read(into: &window, at: offset)
            }
            if count == 0 { return }
            try onDestination { () throws(Errno) in
                try destination.write(buffer.span.extracting(..<count), at: offset)
            }
            offset += Int64(count)
            bytes += Int64(count)
        }
    }

    private func rewind(_ source: borrowing FileHandle, _ destination: borrowing FileHandle) throws(SideFailure) {
        try onSource { () throws(Errno) in try source.seek(to: 0) }
        try onDestination { () throws(Errno) in
            try destination.truncate(to: 0)
            try destination.seek(to: 0)
        }
    }
}

/// What tells whether a file changed between two looks at it.
struct Fingerprint: Equatable {
    var size: Int64
    var mtime: Timestamp
    var ctime: Timestamp
    var inode: UInt64

    init(size: Int64, mtime: Timestamp, ctime: Timestamp, inode: UInt64) {
        self.size = size
        self.mtime = mtime
        self.ctime = ctime
        self.inode = inode
    }

    init(_ status: EntryStatus) {
        self.init(size: status.size, mtime: status.mtime, ctime: status.ctime, inode: status.inode)
    }
}
