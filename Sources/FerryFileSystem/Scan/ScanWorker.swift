import FerryCore
import SystemPackage

/// Reads one directory after the other into a segment of the snapshot.
struct ScanWorker: ~Copyable {
    private let options: ScanOptions
    private let ground: ScanGround
    private var cursor: DirectoryCursor
    private var reader = DirectoryReader()
    private var output: ScanOutput
    /// The path of the entry at hand, rebuilt in place.
    private var path: [UInt8] = []
    private var children: [Child] = []

    /// A subdirectory to be read, once its siblings have been appended.
    private struct Child {
        var id: EntryID
        /// Where its name is among those of its directory.
        var name: Range<Int>
        var isSelectedWhole: Bool
        var isPreserved: Bool
        var onlyTracked: Bool
    }

    private static let lostAndFound = Array("lost+found".utf8)
    /// The inode of the root directory of ext2, ext3 and ext4.
    private static let extRootInode = 2

    init(number: Int, root: OpenDirectory, ground: ScanGround, options: ScanOptions) {
        self.options = options
        self.ground = ground
        cursor = DirectoryCursor(root: root)
        output = ScanOutput(segment: SnapshotSegment(number: number))
    }

    consuming func finish() -> ScanOutput { output }

    mutating func scan(_ job: ScanJob, spawning jobs: inout [ScanJob]) {
        do throws(Errno) {
            // The root's handle is shared and may have been read before; every other one is new.
            let directory =
                job.path.isEmpty ? OpenDirectory(try cursor.open([]).handle.reopen()) : try cursor.open(job.path)
            let status = try directory.handle.status()
            if options.staysOnOneFileSystem && status.device != job.device {
                // What is in it was looked for by nobody: it is unknown, not absent.
                return amend(job, status: status, flags: [.unreadable, .holdsUnlisted])
            }
            var above = job.above
            if directory.handle.followsLinks {
                let place = FilePlace(status)
                if above.contains(place) { return failToEnd(job, status) }
                above.append(place)
            }
            try list(directory.handle, status)
            let scope = readRuleFiles(in: directory, of: job)
            appendChildren(of: job, scope: scope, directory: directory, status: status)
            spawn(job, scope: scope, device: status.device, above: above, into: &jobs)
        } catch .noSuchFileOrDirectory {
            // Removed since its parent was listed: it is gone, and with it everything below. The root itself is not.
            if job.path.isEmpty { fail(job, cause: .noSuchFileOrDirectory) }
        } catch {
            fail(job, cause: error)
        }
    }

    /// Takes a directory's names from memory, if they are still the same, and else reads them.
    private mutating func list(_ directory: borrowing DirectoryHandle, _ status: EntryStatus) throws(Errno) {
        // The traits are the root's; another file system below it is read the careful way, and so is all that is on it.
        let isOnRootsFileSystem = status.device == ground.device
        if isOnRootsFileSystem, let known = ground.known, let listing = known.listing(of: status),
            reader.take(listing, of: known)
        {
            return output.listings.note(listing)
        }
        try reader.read(directory, fillsBuffer: ground.traits.fillsListings && isOnRootsFileSystem)
        if isOnRootsFileSystem, let stamp = ground.remembers, stamp.trusts(listingOf: status) {
            output.listings.note(reader, status)
        }
    }

    /// A link that leads back to a directory above it stands for an empty directory.
    private mutating func failToEnd(_ job: ScanJob, _ status: EntryStatus) {
        output.problems.append(
            Problem(
                .skipped, path: job.path,
                message: "skipped: the link leads back to a directory above it, and following it would never end"))
        output.segment.amend(
            directory: job.directory, status: status, firstChild: output.segment.nextID, childCount: 0)
    }

    private mutating func fail(_ job: ScanJob, cause: Errno) {
        let error = FileSystemError("read the directory", path: job.path, cause: cause)
        if job.path.isEmpty { output.rootFailure = error }
        output.problems.append(Problem(.unreadable, path: job.path, message: error.description))
        amend(job, status: nil, flags: [.unreadable, .holdsUnlisted])
    }

    private mutating func amend(_ job: ScanJob, status: EntryStatus?, flags: EntryFlags) {
        output.segment.amend(
            directory: job.directory, status: status, firstChild: output.segment.nextID, childCount: 0, flags: flags)
    }

    private mutating func appendChildren(
        of job: ScanJob, scope: IgnoreScope, directory: OpenDirectory, status: EntryStatus
    ) {
        let first = output.segment.nextID
        var count = 0
        var flags: EntryFlags = []
        children.removeAll(keepingCapacity: true)
        path.removeAll(keepingCapacity: true)
        path.append(contentsOf: job.path)
        if !job.path.isEmpty { path.append(RelativePath.separator) }
        let nameStart = path.count
        let names = reader.allNames
        let skipsLostAndFound = status.inode == Self.extRootInode || status.device != job.device
        for index in 0..<reader.count {
            let place = reader.place(at: index)
            let name = names.span.extracting(place)
            path.removeLast(path.count - nameStart)
            unsafe name.withUnsafeBufferPointer { unsafe path.append(contentsOf: $0) }
            var kind = reader.kind(at: index)
            var known: EntryStatus?
            do throws(Errno) {
                // Only a file's size and times, a link's times and what the listing leaves open need a stat.
                if kind == nil || kind == .file || kind == .symlink {
                    // The rules come first: an excluded entry costs no stat. They need to know what is a directory.
                    if let kind, isExcluded(isDirectory: kind == .directory, nameStart: nameStart, scope, job) {
                        flags.insert(.holdsUnlisted)
                        output.excludedCount += 1
                        continue
                    }
                    let status = try directory.handle.status(
                        ofTerminated: names.span.extracting(place.lowerBound...place.upperBound))
                    if let listed = kind, listed != status.kind { kind = nil }
                    known = status
                }
            } catch .noSuchFileOrDirectory {
                continue
            } catch {
                report(.unreadable, FileSystemError("read the metadata of", path: path, cause: error).description)
                output.segment.append(
                    name: name, parent: job.directory, status: EntryStatus(kind: kind ?? .unknown), target: Span(),
                    flags: .unreadable)
                flags.insert(.holdsUnlisted)
                count += 1
                continue
            }
            let status = known ?? EntryStatus(kind: kind ?? .unknown, device: status.device)
            if kind != .file && kind != .symlink,
                isExcluded(isDirectory: status.kind == .directory, nameStart: nameStart, scope, job)
                    || (skipsLostAndFound && names[place].elementsEqual(Self.lostAndFound))
            {
                flags.insert(.holdsUnlisted)
                output.excludedCount += 1
                continue
            }
            if append(place, of: names, status: status, nameStart: nameStart, scope, job, directory) { count += 1 }
        }
        output.segment.amend(
            directory: job.directory, status: status, firstChild: first, childCount: count, flags: flags)
    }

    /// Adds one entry that the rules let through.
    ///
    /// Returns whether it still exists.
    private mutating func append(
        _ place: Range<Int>, of names: [UInt8], status: EntryStatus, nameStart: Int, _ scope: IgnoreScope,
        _ job: ScanJob, _ directory: OpenDirectory
    ) -> Bool {
        var flags: EntryFlags = []
        let isDirectory = status.kind == .directory
        if job.isPreserved || (!options.preserve.isEmpty && isPreserved(isDirectory: isDirectory, nameStart: nameStart))
        {
            flags.insert(.isPreserved)
        }
        var target: [UInt8] = []
        if status.kind == .symlink {
            do throws(Errno) {
                target = try directory.handle.target(
                    of: TerminatedName(unchecked: names[place.lowerBound...place.upperBound]))
            } catch .noSuchFileOrDirectory {
                return false
            } catch {
                report(.unreadable, FileSystemError("read the link", path: path, cause: error).description)
                flags.insert(.unreadable)
            }
        } else if !status.kind.isCarried {
            report(.skipped, "skipped: a \(status.kind.noun) is not carried")
        }
        let id = output.segment.append(
            name: names.span.extracting(place), parent: job.directory, status: status, target: target.span,
            flags: flags)
        if isDirectory {
            children.append(
                Child(
                    id: id, name: place,
                    isSelectedWhole: job.isSelectedWhole || options.selection?.extent(of: path) == .whole,
                    isPreserved: flags.contains(.isPreserved),
                    onlyTracked: options.tracked != nil
                        && (job.onlyTracked || scope.excludes(path.span, nameStart: nameStart, isDirectory: true))))
        }
        return true
    }

    private mutating func spawn(
        _ job: ScanJob, scope: IgnoreScope, device: UInt64, above: [FilePlace], into jobs: inout [ScanJob]
    ) {
        let names = reader.allNames
        // The last one pushed is done next: the first child, in the order of names.
        for child in children.reversed() {
            var path: [UInt8] = []
            path.reserveCapacity(job.path.count + 1 + child.name.count)
            path.append(contentsOf: job.path)
            if !path.isEmpty { path.append(RelativePath.separator) }
            path.append(contentsOf: names[child.name])
            jobs.append(
                ScanJob(
                    directory: child.id, path: path, scope: scope.child(at: path),
                    isSelectedWhole: child.isSelectedWhole, isPreserved: child.isPreserved,
                    onlyTracked: child.onlyTracked,
                    device: device, above: above))
        }
    }

    private func isExcluded(isDirectory: Bool, nameStart: Int, _ scope: IgnoreScope, _ job: ScanJob) -> Bool {
        // Before the rules: no pattern brings these back.
        if ReservedNames.isReserved(path, nameStart: nameStart) { return true }
        if !isDirectory, GitNames.isLock(path, nameStart: nameStart) { return true }
        if !job.isSelectedWhole, let selection = options.selection {
            switch selection.extent(of: path) {
            case .none: return true
            case .asAncestor where !isDirectory: return true
            default: break
            }
        }
        guard job.onlyTracked || scope.excludes(path.span, nameStart: nameStart, isDirectory: isDirectory) else {
            return false
        }
        // What git tracks is not excluded by a `.gitignore`, and the way to it stays open.
        guard let tracked = options.tracked, job.onlyTracked || isGitignoreAlone(scope, isDirectory: isDirectory) else {
            return true
        }
        switch tracked.extent(of: path) {
        case .none: return true
        case .asAncestor: return !isDirectory
        case .whole: return false
        }
    }

    private func isGitignoreAlone(_ scope: IgnoreScope, isDirectory: Bool) -> Bool {
        let path = RelativePath(unchecked: path)
        guard case .excluded(let pattern) = scope.verdict(for: path, isDirectory: isDirectory) else { return false }
        return pattern.origin.kind == .gitignore
    }

    private func isPreserved(isDirectory: Bool, nameStart: Int) -> Bool {
        options.preserve.matches(path.span, nameStart: nameStart, isDirectory: isDirectory)
    }

    private mutating func report(_ code: Problem.Code, _ message: String) {
        output.problems.append(Problem(code, path: path, message: message))
    }

    // MARK: Rule files

    private mutating func readRuleFiles(in directory: OpenDirectory, of job: ScanJob) -> IgnoreScope {
        var scope = job.scope
        for (name, kind) in Self.ruleFiles(options.ruleFiles) {
            guard let index = reader.index(of: name) else { continue }
            let label = RelativePath.join(job.path, name)
            do throws(Errno) {
                let content = try readWhole(reader.name(at: index), in: directory)
                let patterns = IgnorePatternList(parsing: content, kind: kind, label: label)
                guard !patterns.isEmpty else { continue }
                output.ruleFiles.append(IgnoreDirectoryFile(kind: kind, directory: job.path, patterns: patterns))
                scope = scope.child(at: job.path, adding: [(kind, patterns)])
            } catch {
                let message = FileSystemError("read the rules in", path: label, cause: error).description
                output.problems.append(Problem(.unreadable, path: label, message: message))
            }
        }
        return scope
    }

    private typealias RuleFile = (name: [UInt8], kind: IgnoreOrigin.Kind)
    /// The rule files to read; those that decide last come last.
    private static let ferryRules: [RuleFile] = [(Array(".ferryignore".utf8), .ferryignore)]
    private static let allRules: [RuleFile] = [(Array(".gitignore".utf8), .gitignore)] + ferryRules

    private static func ruleFiles(_ wanted: ScanOptions.RuleFiles) -> [RuleFile] {
        switch wanted {
        case .none: []
        case .ferryignore: ferryRules
        case .ferryignoreAndGitignore: allRules
        }
    }

    /// Rule files are small; a larger one is cut off by an error, not read.
    private func readWhole(_ name: TerminatedName, in directory: OpenDirectory) throws(Errno) -> [UInt8] {
        let file = try directory.handle.openFile(name)
        let status = try file.status()
        guard status.kind == .file else { throw .invalidArgument }
        guard status.size <= 16 << 20 else { throw .fileTooLarge }
        var content = [UInt8](repeating: 0, count: Int(status.size))
        var filled = 0
        while filled < content.count {
            var rest = content.mutableSpan
            var window = rest._mutatingExtracting(filled...)
            let count = try file.read(into: &window)
            if count == 0 { break }
            filled += count
        }
        content.removeLast(content.count - filled)
        return content
    }
}
