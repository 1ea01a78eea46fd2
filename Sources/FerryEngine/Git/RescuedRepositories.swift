import FerryCore
import FerryFileSystem

/// The repositories that a pull leaves as the workspace has them, and the way to the sandbox's commits.
struct RescuedRepositories {
    private var repositories: [(conflict: GitConflict, stored: StoredRepository)] = []
    private let workspace: [UInt8]

    /// Makes what git can fetch from, beside the sandbox's files that were taken out of staging.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - area: The staging area.
    ///   - workspace: The workspace's root.
    /// - Throws: ``SyncError``; the workspace was not changed.
    init(of plan: Plan, in area: StagingArea, workspace: OpenDirectory) throws(SyncError) {
        guard !plan.gitConflicts.isEmpty else {
            self.workspace = []
            return
        }
        self.workspace = (try? RootDirectory.realPath(of: workspace)) ?? []
        for conflict in plan.gitConflicts {
            do throws(FileSystemError) {
                let stored = try StoredRepository(
                    of: conflict, in: plan, staging: area.tree, kept: area.kept, workspace: self.workspace)
                repositories.append((conflict, stored))
            } catch {
                throw SyncError(.failed, "\(error); the workspace was not changed")
            }
        }
    }

    /// What to tell about each.
    ///
    /// - Parameter store: Where the sandbox's files are kept; nil when there is no place for them.
    /// - Returns: The problems; none of them is a failure.
    func problems(keptIn store: [UInt8]?) -> [Problem] {
        repositories.map { conflict, stored in
            Problem(
                .divergedRepository, path: conflict.path,
                message: Self.introduction(conflict) + way(to: stored, of: conflict, store))
        }
    }

    private static func introduction(_ conflict: GitConflict) -> String {
        conflict.isInWorkspace
            ? "the repository changed in the workspace and in the sandbox; the workspace's branches, index and logs stay, "
            : "the repository was deleted in the workspace and changed in the sandbox; it stays deleted, "
    }

    /// How to get at the sandbox's commits.
    private func way(to stored: StoredRepository, of conflict: GitConflict, _ store: [UInt8]?) -> String {
        let directory = shell(workspace + [RelativePath.separator] + conflict.path)
        let head = stored.head.map { String(decoding: $0, as: UTF8.self) }
        guard let store else {
            guard conflict.isInWorkspace, let head else {
                return "and there is no state directory to keep the sandbox's in"
            }
            return "and the sandbox's commits are there without a name: keep them with"
                + " 'git --git-dir=\(directory) branch rescued \(head)'"
        }
        guard let path = stored.path else {
            return
                "and the sandbox's files are kept in '\(displayName(of: store + [RelativePath.separator] + conflict.path))'"
        }
        let repository = shell(store + [RelativePath.separator] + path)
        let named = head.map { " (its HEAD is \($0))" } ?? ""
        guard conflict.isInWorkspace else {
            return "and the sandbox's is kept\(named): look at it with: git clone \(repository) DIRECTORY"
        }
        return
            "and the sandbox's commits are kept\(named): fetch them as sandbox/heads/BRANCH with: git --git-dir=\(directory)"
            + " fetch --no-tags \(repository) '+refs/*:refs/sandbox/*'"
            + (stored.isDetached ? " +HEAD:refs/sandbox/HEAD" : "")
    }

    /// A path as a word of a shell.
    ///
    /// A name in it may be the sandbox's: one that a terminal would obey is only shown, and then the command cannot be pasted.
    private func shell(_ path: [UInt8]) -> String {
        let word = ShellText.quoted(path)
        let shown = path.filter { $0 != UInt8(ascii: "\\") }
        return displayName(of: shown).utf8.elementsEqual(shown)
            ? String(decoding: word, as: UTF8.self) : displayName(of: word)
    }
}
