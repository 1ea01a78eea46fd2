package import FerryCore
import SystemPackage

/// What is kept of a sandbox's repository that conflicts, as a repository that git can fetch from.
///
/// It holds the sandbox's branches and tags and the objects that are new in it; for all others it refers to the workspace. It never
/// holds anything that git would obey: no configuration, hooks or alternates of the sandbox's.
package struct StoredRepository: Sendable {
    /// Its directory below what is kept; nil when the sandbox's `HEAD` is not at hand, so that git would not take it for one.
    package private(set) var path: [UInt8]?
    /// The commit that the sandbox's `HEAD` names, in hexadecimal digits; nil when that cannot be told.
    package private(set) var head: [UInt8]?
    /// Whether that `HEAD` is on no branch.
    package private(set) var isDetached = false

    package static let name = "sandbox.git"

    /// Makes it, of hard links: git never changes a file that it has written.
    ///
    /// - Parameters:
    ///   - conflict: The repository.
    ///   - plan: The plan that it is from.
    ///   - staging: Where its objects wait to come into the workspace.
    ///   - kept: Where its state was moved to.
    ///   - workspace: The workspace's path without links in it; empty when it is not known.
    /// - Throws: ``FileSystemError``.
    package init(
        of conflict: GitConflict, in plan: Plan, staging: OpenDirectory, kept: OpenDirectory, workspace: [UInt8]
    ) throws(FileSystemError) {
        do throws(Errno) {
            var cursor = DirectoryCursor(root: kept)
            let holder: OpenDirectory
            do throws(Errno) { holder = try cursor.open(conflict.path) } catch .noSuchFileOrDirectory { return }
            let refs = RefFiles(holder)
            guard let top = refs.content(of: Array("HEAD".utf8)) else { return }
            head = refs.commit(named: top)
            isDetached = head == top
            let name = try Self.makeDirectory(in: holder)
            path = conflict.path + [RelativePath.separator] + name.bytes
            let made = OpenDirectory(try holder.handle.openDirectory(name))
            for directory in ["refs", "objects", "objects/info"] {
                _ = try Self.directory(Array(directory.utf8), in: made)
            }
            for id in conflict.state {
                let inside = Self.inside(plan.source.path(of: id), conflict.path)
                if Self.isFetched(inside) { try Self.link(inside, from: holder, to: made) }
            }
            let place = conflict.isInWorkspace ? staging : kept
            var places = DirectoryCursor(root: place)
            if let source = try? places.open(conflict.path) {
                for id in conflict.addedObjects {
                    let inside = Self.inside(plan.source.path(of: id), conflict.path)
                    if Self.isObject(inside) { try Self.link(inside, from: source, to: made) }
                }
            }
            try writeConfiguration(in: made)
            guard conflict.isInWorkspace, !workspace.isEmpty else { return }
            let objects = [workspace, conflict.path, Array("objects".utf8)].joined(separator: [RelativePath.separator])
            try Self.write(
                Self.alternate(Array(objects)), as: "alternates",
                in: Self.directory(Array("objects/info".utf8), in: made))
        } catch {
            throw FileSystemError("keep the sandbox's commits of", path: conflict.path, cause: error)
        }
    }

    /// The repository says itself what it is: what a user configured says nothing of it.
    private func writeConfiguration(in made: OpenDirectory) throws(Errno) {
        let isLong = head?.count == 64
        let text =
            "[core]\n\trepositoryformatversion = \(isLong ? 1 : 0)\n\tbare = true\n"
            + (isLong ? "[extensions]\n\tobjectFormat = sha256\n" : "")
        try Self.write(Array(text.utf8), as: "config", in: made)
    }

    /// What of the state git needs to find the commits.
    private static func isFetched(_ inside: [UInt8]) -> Bool {
        inside.starts(with: "refs/".utf8)
            || ["HEAD", "packed-refs", "shallow"].contains { inside.elementsEqual($0.utf8) }
    }

    /// Whether it is an object or a pack: nothing below `objects/info`, which may send git elsewhere.
    private static func isObject(_ inside: [UInt8]) -> Bool {
        inside.starts(with: "objects/".utf8) && !inside.starts(with: "objects/info/".utf8)
    }

    private static func inside(_ path: [UInt8], _ top: [UInt8]) -> [UInt8] { Array(path.dropFirst(top.count + 1)) }

    /// Makes a directory that is new, so that nothing of the sandbox's is in it.
    private static func makeDirectory(in holder: OpenDirectory) throws(Errno) -> TerminatedName {
        var number = 0
        while true {
            number += 1
            let text = number == 1 ? name : "\(number)-\(name)"
            let name = RunArea.terminated(text)
            do throws(Errno) {
                try holder.handle.makeDirectory(name, mode: 0o700)
                return name
            } catch .fileExists {
                continue
            }
        }
    }

    private static func directory(_ path: [UInt8], in root: OpenDirectory) throws(Errno) -> OpenDirectory {
        var cursor = DirectoryCursor(root: root)
        return try WithheldEntries.makeDirectories(path, below: root, &cursor)
    }

    private static func link(_ path: [UInt8], from source: OpenDirectory, to target: OpenDirectory) throws(Errno) {
        let slash = path.lastIndex(of: RelativePath.separator)
        let parent = slash.map { Array(path[..<$0]) } ?? []
        let name = TerminatedName(unchecked: ArraySlice(Array(path[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
        var cursor = DirectoryCursor(root: source)
        do throws(Errno) {
            let from = try cursor.open(parent)
            guard try from.handle.status(of: name).kind == .file else { return }
            let holder = try directory(parent, in: target)
            do throws(Errno) {
                try from.handle.link(name, to: holder.handle, as: name)
            } catch  where [.notPermitted, .tooManyLinks, .notSupported].contains(error) {
                try copy(name, from: from, to: holder)
            }
        } catch .noSuchFileOrDirectory {
            // It could not be staged, which has been reported.
        }
    }

    private static func copy(
        _ name: TerminatedName, from source: OpenDirectory, to target: OpenDirectory
    ) throws(Errno) {
        let original = try source.handle.openFile(name)
        let copy = try target.handle.createFile(name, mode: 0o600)
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            var span = buffer.mutableSpan
            let count = try original.read(into: &span)
            if count == 0 { return }
            try copy.write(buffer.span.extracting(..<count))
        }
    }

    private static func write(_ content: [UInt8], as name: String, in directory: OpenDirectory) throws(Errno) {
        let file = try directory.handle.createFile(RunArea.terminated(name), mode: 0o600)
        try file.write(content.span)
    }

    /// A line of git's list of other places for objects; one that begins with a quote is unquoted as in C.
    private static func alternate(_ path: [UInt8]) -> [UInt8] {
        guard path.contains(0x0A) else { return path + [0x0A] }
        var line = [UInt8(ascii: "\"")]
        for byte in path {
            switch byte {
            case 0x0A: line += Array("\\n".utf8)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [UInt8(ascii: "\\"), byte]
            default: line.append(byte)
            }
        }
        return line + Array("\"\n".utf8)
    }
}

/// Reads the names of a stored repository.
private struct RefFiles {
    let directory: OpenDirectory

    init(_ directory: OpenDirectory) { self.directory = directory }

    /// The first line of a small file; nil when there is none.
    func content(of path: [UInt8], limit: Int64 = 4096) -> [UInt8]? {
        guard let whole = whole(path, limit: limit) else { return nil }
        return Array(whole.prefix { $0 != 0x0A })
    }

    /// The commit that the content of a reference names.
    func commit(named content: [UInt8]) -> [UInt8]? {
        if Self.isIdentifier(content) { return content }
        guard content.starts(with: "ref: refs/".utf8) else { return nil }
        let name = Array(content.dropFirst(5))
        // What the sandbox wrote may name anything; only what lies here is read.
        guard (try? RelativePath(validating: name)) != nil else { return nil }
        if let loose = self.content(of: name) { return Self.isIdentifier(loose) ? loose : nil }
        guard let packed = whole(Array("packed-refs".utf8), limit: 64 << 20) else { return nil }
        for line in packed.split(separator: 0x0A) where line.hasSuffix([UInt8(ascii: " ")] + name) {
            let identifier = Array(line.dropLast(name.count + 1))
            if Self.isIdentifier(identifier) { return identifier }
        }
        return nil
    }

    private func whole(_ path: [UInt8], limit: Int64) -> [UInt8]? {
        let slash = path.lastIndex(of: RelativePath.separator)
        let name = TerminatedName(unchecked: ArraySlice(Array(path[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
        var cursor = DirectoryCursor(root: directory)
        guard let parent = try? cursor.open(slash.map { Array(path[..<$0]) } ?? []),
            let file = try? parent.handle.openFile(name), let status = try? file.status(), status.kind == .file,
            status.size <= limit
        else { return nil }
        return (try? SmallFile.content(of: file, size: Int(status.size))) ?? nil
    }

    private static func isIdentifier(_ text: [UInt8]) -> Bool {
        [40, 64].contains(text.count) && text.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
