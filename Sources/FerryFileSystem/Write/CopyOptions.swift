package import FerryCore
package import FerryThreads

/// Where the entries of a plan come from and go to.
package struct CopyOptions: Sendable {
    /// What the copy is for.
    package enum Purpose: Sendable {
        /// The destination becomes what the plan says, in place.
        case inPlace
        /// Everything that the plan takes from the source is collected in an empty directory, laid out like the source.
        case staging
    }

    /// What the copy is for.
    package var purpose: Purpose
    /// Who new entries belong to; nil: whoever runs this.
    package var owner: FileOwner?
    /// The number of threads.
    package var threads: Int
    /// The most bytes a second that are read; nil for no limit.
    package var bandwidthLimit: Int?
    /// Stops the copy at the next entry.
    package var cancellation: CancellationFlag
    /// Counts what is done.
    package var progress: TransferProgress
    /// Whether ``CopyResult/written`` is wanted.
    package var recordsWritten = false
    /// Whether small files are looked into for secrets as they pass.
    package var looksForSecrets = false

    package init(
        purpose: Purpose, owner: FileOwner? = nil, threads: Int = TreeScanner.defaultThreads,
        bandwidthLimit: Int? = nil,
        cancellation: CancellationFlag = CancellationFlag(), progress: TransferProgress = TransferProgress()
    ) {
        self.purpose = purpose
        self.owner = owner
        self.threads = threads
        self.bandwidthLimit = bandwidthLimit
        self.cancellation = cancellation
        self.progress = progress
    }
}

/// What a copy did, beside what was asked for.
package struct CopyResult: Sendable {
    /// What could not be read or written, and files that changed while they were read.
    package var problems: [Problem] = []
    /// Bytes of content written.
    package var bytes: Int64 = 0
    /// The files that were written and are now just like the source's; asked for by ``CopyOptions/recordsWritten``.
    package var written = WrittenFiles()
    /// Whether modes given at creation could not be trusted somewhere, so that directories need theirs set at the end.
    package var setsModes = false
    /// Why the copy was given up; nil when it went to its end.
    package var failure: FileSystemError?

    package init() {}
}

extension WrittenFile {
    /// Nil when the file is not just like the source's, or has several names and so is still to change.
    init?(_ id: EntryID, like record: EntryRecord, _ status: EntryStatus, device: UInt64) {
        guard status.kind == .file, status.size == record.size, status.mode == record.mode,
            status.mtime == record.mtime,
            status.device == device, !record.flags.contains(.hasSeveralNames)
        else { return nil }
        self.init(id, inode: status.inode, ctime: status.ctime)
    }
}
