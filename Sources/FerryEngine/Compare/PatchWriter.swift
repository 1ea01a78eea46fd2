import Crypto
import FerryCore
import FerryFileSystem
import SystemPackage

/// Writes differences as git does, from the workspace, `a/`, to the sandbox, `b/`.
struct PatchWriter: ~Copyable {
    /// Larger files are named and not compared line by line.
    static let largestFile: Int64 = 8 << 20

    private let plan: Plan
    private var ours: DirectoryCursor
    private var theirs: DirectoryCursor
    /// What could not be read.
    private(set) var problems: [Problem] = []

    /// What one side has at a path.
    private enum Content {
        case none
        case bytes([UInt8])
        case tooLarge
        case unreadable
    }

    init(_ plan: Plan, workspace: OpenDirectory, sandbox: OpenDirectory) {
        self.plan = plan
        ours = DirectoryCursor(root: workspace)
        theirs = DirectoryCursor(root: sandbox)
    }

    /// Whether the content of a sandbox's file is needed for a difference.
    static func needsContent(_ step: PlanStep, _ sort: TreeDifference.Sort, in plan: Plan) -> Bool {
        guard sort != .mode, let id = step.source, plan.source[id].kind == .file, plan.source[id].size > 0,
            plan.source[id].size <= largestFile
        else { return false }
        guard sort == .content, let other = step.destination else { return true }
        return plan.destination[other].size <= largestFile
    }

    /// The text of one difference.
    mutating func patch(_ step: PlanStep, _ sort: TreeDifference.Sort) -> [UInt8] {
        switch sort {
        case .onlyInWorkspace: return step.destination.map { removal(of: $0) } ?? []
        case .onlyInSandbox: return step.source.map { addition(of: $0) } ?? []
        case .mode: return modes(step)
        case .content: return change(step)
        case .kind:
            var text: [UInt8] = []
            var stack = [step.destination].compactMap(\.self)
            while let next = stack.popLast() {
                text += removal(of: next)
                stack += plan.destination.children(of: next).reversed()
            }
            return text + (step.source.map { addition(of: $0) } ?? [])
        }
    }

    // MARK: Parts

    private mutating func removal(of id: EntryID) -> [UInt8] {
        let path = plan.destination.path(of: id)
        guard plan.destination[id].kind != .directory else { return line("Only in a: \(quotedName(of: path))/") }
        return header(path) + line("deleted file mode \(Self.mode(plan.destination[id]))")
            + body(path, local(id), .none, mode: nil)
    }

    private mutating func addition(of id: EntryID) -> [UInt8] {
        let path = plan.source.path(of: id)
        guard plan.source[id].kind != .directory else { return line("Only in b: \(quotedName(of: path))/") }
        return header(path) + line("new file mode \(Self.mode(plan.source[id]))")
            + body(path, .none, remote(id), mode: nil)
    }

    private func modes(_ step: PlanStep) -> [UInt8] {
        guard let source = step.source, let destination = step.destination else { return [] }
        let path = plan.source.path(of: source)
        let (old, new) = (Self.mode(plan.destination[destination]), Self.mode(plan.source[source]))
        guard plan.source[source].kind != .directory else {
            return line("Directory \(quotedName(of: path))/ has mode \(old.suffix(3)) in a and \(new.suffix(3)) in b")
        }
        return old == new ? [] : header(path) + line("old mode \(old)") + line("new mode \(new)")
    }

    private mutating func change(_ step: PlanStep) -> [UInt8] {
        guard let source = step.source, let destination = step.destination else { return [] }
        let path = plan.source.path(of: source)
        let modes = plan.source[source].kind == .file ? modes(step) : []
        let text = body(
            path, local(destination), remote(source), mode: modes.isEmpty ? Self.mode(plan.source[source]) : nil)
        if !modes.isEmpty { return modes + text }
        return text.isEmpty ? [] : header(path) + text
    }

    /// The lines from `index` on.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - old: What the workspace has.
    ///   - new: What the sandbox has.
    ///   - mode: The mode of both, where it is the same.
    /// - Returns: The lines.
    private func body(_ path: [UInt8], _ old: Content, _ new: Content, mode: String?) -> [UInt8] {
        let a = Array("a/".utf8) + path
        let b = Array("b/".utf8) + path
        let names =
            "\(Self.isNone(old) ? "/dev/null" : quotedName(of: a)) and "
            + "\(Self.isNone(new) ? "/dev/null" : quotedName(of: b))"
        let (before, after): ([UInt8], [UInt8])
        switch (old, new) {
        case (.unreadable, _), (_, .unreadable): return line("Files \(names) cannot be compared")
        case (.tooLarge, _), (_, .tooLarge):
            return line("Files \(names) differ; one is larger than \(Self.largestFile >> 20) MiB")
        case (.bytes(let left), .bytes(let right)): (before, after) = (left, right)
        case (.bytes(let left), .none): (before, after) = (left, [])
        case (.none, .bytes(let right)): (before, after) = ([], right)
        case (.none, .none): return []
        }
        guard before != after || Self.isNone(old) || Self.isNone(new) else { return [] }
        // Without it, patch neither removes an empty file nor changes a link.
        let ids =
            (Self.isNone(old) ? Self.noObject : Self.object(before))
            + ".." + (Self.isNone(new) ? Self.noObject : Self.object(after))
        let index = line("index \(ids)" + (mode.map { " " + $0 } ?? ""))
        if UnifiedDiff.isBinary(before) || UnifiedDiff.isBinary(after) {
            return index + line("Binary files \(names) differ")
        }
        let hunks = UnifiedDiff.hunks(from: before, to: after)
        guard !hunks.isEmpty else { return index }
        // A name with a space ends at the tabulator.
        let end = path.contains(UInt8(ascii: " ")) ? "\t" : ""
        return index + line("--- " + (Self.isNone(old) ? "/dev/null" : quotedName(of: a) + end))
            + line("+++ " + (Self.isNone(new) ? "/dev/null" : quotedName(of: b) + end)) + hunks
    }

    private func header(_ path: [UInt8]) -> [UInt8] {
        line("diff --git \(quotedName(of: Array("a/".utf8) + path)) \(quotedName(of: Array("b/".utf8) + path))")
    }

    private func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

    private static let noObject = "0000000"

    /// The beginning of git's name for content.
    private static func object(_ content: [UInt8]) -> String {
        var hash = Insecure.SHA1()
        hash.update(data: Array("blob \(content.count)".utf8) + [0])
        hash.update(data: content)
        let digits = hash.finalize().prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return String(digits.prefix(7))
    }

    private static func isNone(_ content: Content) -> Bool {
        if case .none = content { return true }
        return false
    }

    /// The kind and the permission bits as git writes them.
    private static func mode(_ record: EntryRecord) -> String {
        guard record.kind != .symlink else { return "120000" }
        let digits = String(record.mode, radix: 8)
        return "100" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    // MARK: Content

    private mutating func local(_ id: EntryID) -> Content {
        guard plan.destination[id].kind != .symlink else { return .bytes(Array(plan.destination.target(of: id))) }
        do throws(Errno) {
            return try Self.read(id, in: plan.destination, &ours)
        } catch {
            return unreadable(plan.destination.path(of: id), error)
        }
    }

    private mutating func remote(_ id: EntryID) -> Content {
        guard plan.source[id].kind != .symlink else { return .bytes(Array(plan.source.target(of: id))) }
        guard plan.source[id].size > 0 else { return .bytes([]) }
        do throws(Errno) {
            return try Self.read(id, in: plan.source, &theirs)
        } catch {
            return unreadable(plan.source.path(of: id), error)
        }
    }

    private mutating func unreadable(_ path: [UInt8], _ error: Errno) -> Content {
        problems.append(
            Problem(
                .unreadable, path: path, message: FileSystemError("read", path: path, cause: error).description))
        return .unreadable
    }

    private static func read(
        _ id: EntryID, in tree: Snapshot, _ cursor: inout DirectoryCursor
    ) throws(Errno) -> Content {
        guard tree[id].size <= largestFile else { return .tooLarge }
        let parent = tree.parent(of: id).map { tree.path(of: $0) } ?? []
        let file = try cursor.open(parent).handle.openFile(tree.terminatedName(of: id))
        guard try file.status().kind == .file else { throw .invalidArgument }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            var span = buffer.mutableSpan
            let count = try file.read(into: &span)
            if count == 0 { return .bytes(content) }
            content += buffer[..<count]
            if content.count > Int(largestFile) { return .tooLarge }
        }
    }
}
