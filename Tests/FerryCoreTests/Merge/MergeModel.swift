import FerryCore

/// The contract in plain code over tables of paths: what is there after a sync.
struct MergeModel {
    typealias Table = [String: MergeWorld.Entry]

    let base: Table
    let local: Table
    let remote: Table

    /// The workspace after a pull that keeps local versions.
    func pulled() -> Table {
        var result: Table = [:]
        pull("", isListed: true, into: &result)
        return result
    }

    /// The sandbox after a push that may overwrite, and whether it took anything that was never pulled.
    func pushed() -> (table: Table, takesUnpulled: Bool) {
        var result: Table = [:]
        var takes = false
        push("", into: &result, &takes)
        return (result, takes)
    }

    // MARK: Pull

    private func pull(_ directory: String, isListed: Bool, into result: inout Table) {
        for path in Set(children(directory, local) + children(directory, remote)) {
            let (b, l, r) = (base[path], local[path], remote[path])
            if let l, let r {
                if l.flags.contains(.unreadable), l.kind == r.kind {
                    keep(path, local, into: &result)
                } else if l.kind == .directory, r.kind == .directory {
                    result[path] = l
                    if !r.flags.contains(.unreadable), let b, b.kind == .directory, l.mode == b.mode {
                        result[path] = r
                    }
                    pull(path, isListed: !r.flags.contains(.unreadable), into: &result)
                } else if l.kind == r.kind {
                    result[path] = mergedFile(b, l, r)
                } else if subtree(path, remote) == subtree(path, base) {
                    keep(path, local, into: &result)
                } else if subtree(path, local) == subtree(path, base), !isProtected(path, local),
                    !holdsUnreadable(path, remote)
                {
                    keep(path, remote, into: &result)
                } else {
                    keep(path, local, into: &result)
                }
            } else if let r {
                if b == nil {
                    keep(path, remote, into: &result)
                } else if b?.kind == .directory, r.kind == .directory {
                    var inside: Table = [:]
                    pull(path, isListed: !r.flags.contains(.unreadable), into: &inside)
                    if !inside.isEmpty { inside[path] = r }
                    result.merge(inside) { $1 }
                }
            } else if let l {
                guard let b, isListed, l.flags.isDisjoint(with: [.isPreserved, .unreadable]), l.kind == b.kind else {
                    keep(path, local, into: &result)
                    continue
                }
                guard l.kind == .directory else {
                    if l != b { result[path] = l }
                    continue
                }
                var inside: Table = [:]
                pull(path, isListed: true, into: &inside)
                if !inside.isEmpty || l != b || l.flags.contains(.holdsUnlisted) { inside[path] = l }
                result.merge(inside) { $1 }
            }
        }
    }

    private func mergedFile(_ b: MergeWorld.Entry?, _ l: MergeWorld.Entry, _ r: MergeWorld.Entry) -> MergeWorld.Entry {
        if l == r || r == b { return l }
        if l == b { return r }
        // The same content: only the modes are left to merge.
        guard l.kind == .file, l.content == r.content, l.size == r.size, let b, b.kind == .file, l.mode == b.mode else {
            return l
        }
        return r
    }

    // MARK: Push

    private func push(_ directory: String, into result: inout Table, _ takes: inout Bool) {
        for path in Set(children(directory, local) + children(directory, remote)) {
            let (b, l, r) = (base[path], local[path], remote[path])
            if let l, let r {
                if r.flags.contains(.unreadable), l.kind == r.kind {
                    keep(path, remote, into: &result)
                } else if l.kind == .directory, r.kind == .directory {
                    result[path] = l.flags.contains(.unreadable) ? r : l
                    if result[path] != r, r != b { takes = true }
                    if l.flags.contains(.unreadable) {
                        keepBelow(path, remote, into: &result)
                    } else {
                        push(path, into: &result, &takes)
                    }
                } else if l.kind == r.kind {
                    result[path] = l
                    if l != r, !isResolved(b, l, r) { takes = true }
                } else if isProtected(path, remote) || holdsUnreadable(path, local) {
                    keep(path, remote, into: &result)
                } else {
                    keep(path, local, into: &result)
                    if subtree(path, remote).contains(where: { base[$0.key] != $0.value }) { takes = true }
                }
            } else if l != nil {
                keep(path, local, into: &result)
                if subtree(path, local).contains(where: { base[$0.key] != nil }) { takes = true }
            } else if let r {
                guard let b, r.flags.isDisjoint(with: [.isPreserved, .unreadable]),
                    (b.kind == .directory) == (r.kind == .directory)
                else {
                    keep(path, remote, into: &result)
                    continue
                }
                guard r.kind == .directory else {
                    if r != b { takes = true }
                    continue
                }
                var inside: Table = [:]
                push(path, into: &inside, &takes)
                if !inside.isEmpty || r.flags.contains(.holdsUnlisted) { inside[path] = r }
                result.merge(inside) { $1 }
            }
        }
    }

    private func isResolved(_ b: MergeWorld.Entry?, _ l: MergeWorld.Entry, _ r: MergeWorld.Entry) -> Bool {
        if r == b { return true }
        guard let b, b.kind == r.kind, l.kind == .file else { return false }
        return l.content == r.content && l.size == r.size && r.mode == b.mode
    }

    // MARK: Tables

    private func children(_ directory: String, _ table: Table) -> [String] {
        table.keys.filter { MergeWorld.parent($0) == directory }
    }

    private func subtree(_ path: String, _ table: Table) -> Table {
        table.filter { $0.key == path || $0.key.hasPrefix(path + "/") }
    }

    private func keep(_ path: String, _ table: Table, into result: inout Table) {
        result.merge(subtree(path, table)) { $1 }
    }

    private func keepBelow(_ path: String, _ table: Table, into result: inout Table) {
        result.merge(subtree(path, table).filter { $0.key != path }) { $1 }
    }

    private func isProtected(_ path: String, _ table: Table) -> Bool {
        subtree(path, table).values.contains { !$0.flags.isEmpty }
    }

    private func holdsUnreadable(_ path: String, _ table: Table) -> Bool {
        subtree(path, table).values.contains { $0.flags.contains(.unreadable) }
    }
}
