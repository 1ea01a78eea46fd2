import FerryCore
import FerryThreads
import SystemPackage

/// Carries out the steps of one directory after the other.
struct CopyWorker: ~Copyable {
    private let shared: CopyShared
    private var sourceCursor: DirectoryCursor
    private var destinationCursor: DirectoryCursor
    private var copier = ContentCopier()
    private var names: TemporaryNames
    private let hasOwnUmask: Bool
    private var output = CopyOutput()
    private var pace: Pace
    /// The device of the destination's root: what is written elsewhere is not recorded.
    private let device: UInt64?

    private var plan: Plan { shared.plan }
    private var isStaging: Bool { shared.options.purpose == .staging }

    init(number: Int, source: OpenDirectory, destination: OpenDirectory, shared: CopyShared) {
        self.shared = shared
        sourceCursor = DirectoryCursor(root: source)
        destinationCursor = DirectoryCursor(root: destination)
        names = TemporaryNames(worker: number)
        device = shared.options.recordsWritten ? try? destination.handle.status().device : nil
        hasOwnUmask = WriteThread.clearUmask()
        pace = Pace(bytesPerSecond: shared.options.bandwidthLimit.map { $0 / max(1, shared.options.threads) })
    }

    consuming func finish() -> CopyOutput { output }

    /// Both sides of the directory at hand.
    private struct Place {
        var source: OpenDirectory
        var destination: OpenDirectory
        var job: CopyJob
        var setsModes: Bool
    }

    mutating func copy(_ job: CopyJob, spawning jobs: inout [CopyJob]) {
        guard !shared.mustStop else { return }
        let group = plan.groups[job.group]
        // Only the destination has it: nothing to write here.
        guard let directory = group.source else { return }
        let place: Place
        do throws(FileSystemError) {
            place = try open(job)
        } catch {
            return report(error)
        }
        var hasWritten = false
        var finished = 0
        let bytesBefore = output.bytes
        for index in group.steps {
            if shared.mustStop { return }
            let step = plan.steps[index]
            guard let id = step.source else { continue }
            do throws(SideFailure) {
                if try carryOut(step, id, in: place) { hasWritten = true }
                finished += 1
                spawn(step, id, job, place, into: &jobs)
            } catch {
                fail(error, id: id)
            }
        }
        if hasWritten || job.isNew, directory != plan.source.root { stamp(directory, place) }
        shared.options.progress.add(entries: finished, bytes: output.bytes - bytesBefore)
    }

    // MARK: Steps

    /// Does one step.
    ///
    /// Returns whether the directory's own time has moved because of it.
    private mutating func carryOut(_ step: PlanStep, _ id: EntryID, in place: Place) throws(SideFailure) -> Bool {
        let kind = plan.source[id].kind
        switch step.action {
        case .create, .changeKind:
            if kind == .directory {
                try createDirectory(id, isFilled: step.childGroup != 0, in: place)
            } else {
                try create(id, kind, in: place, replaces: false)
            }
            return true
        case .update:
            try create(id, kind, in: place, replaces: !isStaging)
            return true
        case .changeMode where isStaging && kind == .directory, .descend where isStaging && kind == .directory,
            .conflict where isStaging && kind == .directory, .withheld where isStaging && kind == .directory:
            guard hasWork(step) else { return false }
            let name = plan.source.terminatedName(of: id)
            // One that conflicts as a whole is kept as it is, but for its owner being let in.
            let mode = step.action == .conflict ? plan.source[id].mode | 0o700 : 0o700
            try onDestination { () throws(Errno) in
                try place.destination.handle.makeDirectory(name, mode: mode)
            }
            return true
        case .changeMode where !isStaging && kind == .file:
            let name = plan.source.terminatedName(of: id)
            try onDestination { () throws(Errno) in
                try place.destination.handle.setMode(of: name, to: plan.source[id].mode)
                if device != nil { note(id, try place.destination.handle.status(of: name)) }
            }
            return false
        case .conflict where isStaging && kind != .directory, .held where isStaging && kind != .directory,
            .withheld where isStaging && kind != .directory:
            // Beside the workspace's version, or kept for review.
            try create(id, kind, in: place, replaces: false)
            return true
        default:
            return false
        }
    }

    private mutating func create(_ id: EntryID, _ kind: EntryKind, in place: Place, replaces: Bool) throws(SideFailure)
    {
        switch kind {
        case .symlink: try createSymlink(id, in: place, replaces: replaces)
        default:
            if plan.source.firstName(of: id) != id {
                output.links.append(PendingLink(id: id, directory: place.job.path, replaces: replaces, job: place.job))
            } else {
                try createFile(id, in: place, replaces: replaces)
            }
        }
    }

    private mutating func createDirectory(_ id: EntryID, isFilled: Bool, in place: Place) throws(SideFailure) {
        let record = plan.source[id]
        let name = plan.source.terminatedName(of: id)
        // Made so that it can be written into; the right mode comes when that is done.
        try onDestination { () throws(Errno) in
            try place.destination.handle.makeDirectory(name, mode: record.mode | 0o700)
            if let owner = shared.options.owner { try place.destination.handle.setOwner(of: name, to: owner) }
        }
        guard !isFilled else { return }
        try onDestination { () throws(Errno) in
            // A staged one stays open: a directory that may not be written to cannot be moved to another.
            if !isStaging && (record.mode & 0o700 != 0o700 || place.setsModes) {
                try place.destination.handle.setMode(of: name, to: record.mode)
            }
            try place.destination.handle.setTime(of: name, to: record.mtime)
        }
    }

    private mutating func createSymlink(_ id: EntryID, in place: Place, replaces: Bool) throws(SideFailure) {
        let name = plan.source.terminatedName(of: id)
        let made = replaces ? names.next() : name
        try onDestination { () throws(Errno) in
            let directory = place.destination
            try directory.handle.createSymlink(made, terminatedTarget: plan.source.terminatedTarget(of: id))
            do throws(Errno) {
                if let owner = shared.options.owner { try directory.handle.setOwner(of: made, to: owner) }
                try directory.handle.setTime(of: made, to: plan.source[id].mtime)
                if replaces { try directory.handle.rename(made, to: directory.handle, as: name) }
            } catch {
                try? directory.handle.removeFile(made)
                throw error
            }
        }
    }

    private mutating func createFile(_ id: EntryID, in place: Place, replaces: Bool) throws(SideFailure) {
        let record = plan.source[id]
        let name = plan.source.terminatedName(of: id)
        let made = replaces ? names.next() : name
        let source = try onSource { () throws(Errno) in try place.source.handle.openFile(name) }
        var isMade = false
        do throws(SideFailure) {
            try copyContent(source, id, record, as: made, in: place, isFinal: !replaces, isMade: &isMade)
            if replaces {
                try onDestination { () throws(Errno) in
                    // A replaced file keeps its owner and its access control list.
                    try OwnerInheritance.hand(name, of: place.destination, to: made, in: place.destination)
                    try place.destination.handle.rename(made, to: place.destination.handle, as: name)
                    // The rename has moved its ctime.
                    if device != nil { note(id, try place.destination.handle.status(of: name)) }
                }
            }
        } catch {
            // Whatever was being written is not what was asked for.
            if isMade { try? place.destination.handle.removeFile(made) }
            throw error
        }
    }

    private mutating func copyContent(
        _ source: borrowing FileHandle, _ id: EntryID, _ record: EntryRecord, as name: TerminatedName, in place: Place,
        isFinal: Bool, isMade: inout Bool
    ) throws(SideFailure) {
        let owner = shared.options.owner
        let setsMode = place.setsModes || owner != nil
        let before = output.bytes
        var written: EntryStatus?
        let wantsStatus = isFinal && device != nil
        if shared.options.looksForSecrets { copier.wantedSecret = plan.source.undecidedSecret(id) }
        let outcome = try copier.copy(
            source, expected: record, inode: plan.source.inode(of: id), bytes: &output.bytes
        ) { () throws(Errno) in
            let file = try place.destination.handle.createFile(name, mode: record.mode)
            isMade = true
            return file
        } finish: { (file: borrowing FileHandle, status: EntryStatus) throws(Errno) in
            if let owner { try file.setOwner(owner) }
            if setsMode || status.mode != record.mode { try file.setMode(status.mode) }
            try file.setTime(status.mtime)
            if wantsStatus { written = try file.status() }
        }
        if let written { note(id, written) }
        pace.wait(for: output.bytes - before)
        if let rule = copier.foundSecret { output.problems.append(Problem(rule, at: plan.source.path(of: id))) }
        if case .unstable = outcome {
            output.problems.append(
                Problem(
                    .unstable, path: plan.source.path(of: id),
                    message: "the file kept changing while it was read; run the same command again when it is at rest"))
        }
    }

    /// Notes what a file that was written is now.
    private mutating func note(_ id: EntryID, _ status: EntryStatus) {
        guard let device, let written = WrittenFile(id, like: plan.source[id], status, device: device) else { return }
        output.written.append(written)
    }

    // MARK: Directories

    private mutating func open(_ job: CopyJob) throws(FileSystemError) -> Place {
        let source: OpenDirectory
        do throws(Errno) {
            source = try sourceCursor.open(job.path)
        } catch {
            throw FileSystemError("read the directory", path: job.path, cause: error)
        }
        do throws(Errno) {
            let destination = try destinationCursor.open(job.path)
            var setsModes = job.setsModes || !hasOwnUmask
            if !job.isNew {
                try makeWritable(destination, job)
                // A directory that was here before may hand down an access control list or its group.
                if destination.handle.hasDefaultACL() { setsModes = true }
                if try destination.handle.hasSetgid() { setsModes = true }
            }
            if setsModes { output.setsModes = true }
            return Place(source: source, destination: destination, job: job, setsModes: setsModes)
        } catch {
            throw FileSystemError("write into the directory", path: job.path, cause: error)
        }
    }

    /// A directory that its owner may not write into is opened for the time of the copy; ``DirectoryFinisher`` closes it.
    private func makeWritable(_ directory: OpenDirectory, _ job: CopyJob) throws(Errno) {
        let group = plan.groups[job.group]
        guard let id = group.destination, id != plan.destination.root else { return }
        let mode = plan.destination[id].mode
        if mode & 0o700 != 0o700 && plan.opens(group) { try directory.handle.setMode(mode | 0o700) }
    }

    /// Whether there is anything to do inside of a directory.
    private func hasWork(_ step: PlanStep) -> Bool {
        step.childGroup != 0 && shared.busy.contains(Int(step.childGroup))
    }

    private func spawn(_ step: PlanStep, _ id: EntryID, _ job: CopyJob, _ place: Place, into jobs: inout [CopyJob]) {
        guard hasWork(step), plan.source[id].kind == .directory else { return }
        let name = plan.source.name(of: id)
        let path = job.path.isEmpty ? Array(name) : job.path + [RelativePath.separator] + name
        let isNew = isStaging || step.action == .create || step.action == .changeKind
        jobs.append(CopyJob(group: Int(step.childGroup), path: path, setsModes: place.setsModes, isNew: isNew))
    }

    /// Gives a directory that was written into the source's time, unless something is still to come that moves it again;
    /// then ``DirectoryFinisher`` does it at the end, as it does for modes that forbid writing.
    private mutating func stamp(_ directory: EntryID, _ place: Place) {
        do throws(Errno) {
            try place.destination.handle.setTime(plan.source[directory].mtime)
        } catch {
            report(FileSystemError("set the time of", path: place.job.path, cause: error))
        }
    }

    // MARK: Links

    /// Makes the names of files whose first name is there by now.
    ///
    /// Where it is not what it should be, the content is copied.
    mutating func makeLinks(_ links: [PendingLink]) {
        let differing = plan.differingFiles()
        for link in links where !shared.mustStop {
            do throws(FileSystemError) {
                let place = try open(link.job)
                do throws(SideFailure) {
                    if try !makeLink(link, in: place, differing: differing) {
                        try createFile(link.id, in: place, replaces: link.replaces)
                    }
                } catch {
                    fail(error, id: link.id)
                }
            } catch {
                report(error)
            }
        }
    }

    private mutating func makeLink(
        _ link: PendingLink, in place: Place, differing: Set<EntryID>
    ) throws(SideFailure) -> Bool {
        let first = plan.source.firstName(of: link.id)
        let firstName = plan.source.terminatedName(of: first)
        let directoryPath = plan.source.parent(of: first).map { plan.source.path(of: $0) } ?? []
        let name = plan.source.terminatedName(of: link.id)
        do throws(Errno) {
            let holder = try destinationCursor.open(directoryPath)
            let status = try holder.handle.status(of: firstName)
            guard plan.isContent(of: first, status, differing: differing) else { return false }
            let made = link.replaces ? names.next() : name
            try holder.handle.link(firstName, to: place.destination.handle, as: made)
            if link.replaces {
                do throws(Errno) {
                    try place.destination.handle.rename(made, to: place.destination.handle, as: name)
                    // Two names of one file: the rename did nothing and left both.
                    try? place.destination.handle.removeFile(made)
                } catch {
                    try? place.destination.handle.removeFile(made)
                    throw error
                }
            }
            return true
        } catch  where [.noSuchFileOrDirectory, .tooManyLinks, .notPermitted, .improperLink].contains(error) {
            return false
        } catch {
            throw .destination(error)
        }
    }

    // MARK: Failures

    private mutating func fail(_ failure: SideFailure, id: EntryID) {
        let path = plan.source.path(of: id)
        switch failure {
        case .source(.noSuchFileOrDirectory):
            output.problems.append(
                Problem(
                    .unstable, path: path,
                    message:
                        "the \(plan.source[id].kind.noun) vanished while the source was read; run the same command again"
                ))
        case .source(let cause):
            let error = FileSystemError("read", path: path, cause: cause)
            output.problems.append(Problem(.unreadable, path: path, message: error.description))
        case .destination(let cause):
            report(FileSystemError("write", path: path, cause: cause))
        }
    }

    private mutating func report(_ error: FileSystemError) {
        // Staging begins empty: a name that is there already is one that the file system takes for another.
        if error.cause.stopsAllWrites || (isStaging && error.cause == .fileExists) {
            shared.giveUp()
            if output.failure == nil { output.failure = error }
        } else {
            output.problems.append(Problem(.unwritable, path: error.path, message: error.description))
        }
    }
}
