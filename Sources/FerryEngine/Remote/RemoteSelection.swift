import FerryCore
import FerryFileSystem

/// What of a plan is sent into a sandbox, and what is to be done around it.
struct RemoteSelection {
    /// The entries that the stream holds.
    private(set) var sent = EntrySet()
    /// The bytes of their content.
    private(set) var byteCount: Int64 = 0
    /// The entries that are written in any way.
    private(set) var written: [EntryID] = []
    /// What is to be done around the stream; not what is to be listed afterwards.
    private(set) var request = RemoteReceiveRequest()
    private let plan: Plan

    init(_ plan: Plan, listing: RemoteListing, facts: RemoteFacts, options: SyncOptions) {
        self.plan = plan
        var builder = Builder(plan: plan, listing: listing, facts: facts, options: options)
        builder.run()
        sent = builder.sent
        byteCount = builder.byteCount
        request = builder.request
        written = builder.written
    }

    /// What did not become what the plan wanted.
    func missing(in written: Snapshot, _ receipt: RemoteReceipt) -> [Problem] {
        var problems: [Problem] = []
        let why = receipt.incomplete.map { ": \($0)" } ?? ""
        // In step through both trees where most was sent, path by path where little was.
        var pending: [(source: EntryID, written: EntryID?)] = []
        func look(_ id: EntryID, _ found: EntryID?) {
            let record = plan.source[id]
            if sent.contains(id), !isWritten(id, found, in: written) {
                problems.append(
                    Problem(
                        .unwritable, path: plan.source.path(of: id),
                        message: "the \(record.kind.noun) did not arrive in the sandbox\(why)"))
            }
        }
        if sent.count * 8 > plan.source.entryCount {
            pending.append((plan.source.root, written.root))
            while let (directory, other) = pending.popLast() {
                let found = other.map { written.children(of: $0) }
                var position = 0
                for child in plan.source.children(of: directory) {
                    let name = plan.source.name(of: child)
                    while let found, position < found.count,
                        written.name(of: found[position]).lexicographicallyPrecedes(name)
                    {
                        position += 1
                    }
                    let candidate = found.flatMap { position < $0.count ? $0[position] : nil }
                    let match = candidate.flatMap { written.name(of: $0).elementsEqual(name) ? $0 : nil }
                    look(child, match)
                    if plan.source[child].kind == .directory { pending.append((child, match)) }
                }
            }
        } else {
            for id in self.written { look(id, written.entry(at: RelativePath(unchecked: plan.source.path(of: id)))) }
        }
        return problems.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    /// Whether an entry is in the sandbox now as it was sent.
    private func isWritten(_ id: EntryID, _ found: EntryID?, in written: Snapshot) -> Bool {
        guard let found else { return false }
        let (record, other) = (plan.source[id], written[found])
        return other.kind == record.kind && !other.flags.contains(.unreadable)
            && (record.kind != .symlink || written.target(of: found) == plan.source.target(of: id))
    }
}

/// Goes through a plan once and puts each step where it belongs.
private struct Builder {
    let plan: Plan
    let listing: RemoteListing
    let facts: RemoteFacts
    let options: SyncOptions
    var sent = EntrySet()
    var byteCount: Int64 = 0
    var written: [EntryID] = []
    var request = RemoteReceiveRequest()
    /// Whom new entries belong to; nil: whoever the command runs as.
    private let newOwner: RemoteOwner?

    init(plan: Plan, listing: RemoteListing, facts: RemoteFacts, options: SyncOptions) {
        self.plan = plan
        self.listing = listing
        self.facts = facts
        self.options = options
        let given = options.owner.map { RemoteOwner(user: $0.user, group: $0.group) }
        newOwner = facts.isSuperuser ? given ?? facts.directory?.owner : nil
    }

    mutating func run() {
        for group in plan.groups {
            var isWritten = false
            for index in group.steps where take(plan.steps[index]) { isWritten = true }
            if isWritten { finish(group) }
        }
    }

    /// Takes a step; returns whether its directory is written into.
    private mutating func take(_ step: PlanStep) -> Bool {
        switch step.action {
        case .create, .update:
            send(step)
            return true
        case .changeKind:
            if let destination = step.destination { remove(destination, from: &request.removeBefore) }
            send(step)
            return true
        case .changeMode:
            guard let id = step.source else { return false }
            let path = plan.source.path(of: id)
            request.modes.append((path, plan.source[id].mode))
            written.append(id)
            return false
        case .delete:
            guard let destination = step.destination else { return false }
            let path = plan.destination.path(of: destination)
            if plan.destination[destination].kind == .directory {
                request.removeAfter.directories.append(path)
            } else {
                request.removeAfter.files.append(path)
            }
            return true
        default: return false
        }
    }

    private mutating func send(_ step: PlanStep) {
        guard let id = step.source else { return }
        let record = plan.source[id]
        let path = plan.source.path(of: id)
        sent.insert(id)
        written.append(id)
        if record.kind == .file, plan.source.firstName(of: id) == id { byteCount += record.size }
        let isNew = step.action != .update
        if let owner = isNew ? newOwner : listing.owners[path] ?? newOwner, facts.isSuperuser, owner != .superuser {
            request.owners.append((path, owner))
        }
        if record.kind == .directory, record.mode & 0o700 != 0o700 { request.modes.append((path, record.mode)) }
        // The others keep what the stream says.
        let losesTimes = facts.tar == .busybox || facts.tar == .other
        if losesTimes && record.kind != .file || record.kind == .directory && !request.removeBefore.files.isEmpty {
            request.times.append((path, record.mtime))
        }
    }

    /// A directory of the sandbox that is written into: opened where it is closed, and given the source's time in the end.
    private mutating func finish(_ group: PlanGroup) {
        guard let destination = group.destination, destination != plan.destination.root else { return }
        let path = plan.destination.path(of: destination)
        let mode = plan.destination[destination].mode
        if mode & 0o700 != 0o700, !facts.isSuperuser {
            request.openDirectories.append(path)
            if !request.modes.contains(where: { $0.path == path }) {
                request.modes.append((path, mode))
            }
        }
        if let source = group.source, !plan.source[source].flags.contains(.hasNoMetadata) {
            request.times.append((path, plan.source[source].mtime))
        }
    }

    private func remove(_ id: EntryID, from removal: inout RemoteReceiveRequest.Removal) {
        var stack = [id]
        while let next = stack.popLast() {
            let path = plan.destination.path(of: next)
            if plan.destination[next].kind == .directory {
                removal.directories.append(path)
                stack.append(contentsOf: plan.destination.children(of: next))
            } else {
                removal.files.append(path)
            }
        }
    }
}

extension RemoteOwner {
    /// Root and root's group, to whom a tar that runs as root gives what it makes.
    static let superuser = RemoteOwner(user: 0, group: 0)
}
