public import FerryCore
import Subprocess
import SystemPackage

/// Why git could not say which files it tracks.
public struct GitError: Error, Sendable, CustomStringConvertible {
    /// What failed, why, and what to do next.
    public let description: String
}

/// Asks git which files of a workspace it tracks; those take part in a sync even when a `.gitignore` matches them.
public enum GitTrackedFiles {
    /// More than this is not a list of files.
    private static let outputLimit = 1 << 30

    /// The paths that git tracks below a directory, those of submodules included.
    ///
    /// - Parameter workspace: The directory's path.
    /// - Returns: The paths below the directory; nil when it does not lie in a git work tree.
    /// - Throws: ``GitError`` when git is missing or fails.
    public static func paths(in workspace: [UInt8]) async throws(GitError) -> [RelativePath]? {
        // A relative path that begins with '-' must not be taken for an option.
        let directory = workspace.first == UInt8(ascii: "/") ? workspace : Array("./".utf8) + workspace
        let options = ["-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--recurse-submodules"]
        // Arguments given as bytes are handed on as they are and have to bring their own NUL.
        let arguments = Arguments(([Array("-C".utf8), directory] + options.map { Array($0.utf8) }).map { $0 + [0] })
        // Variables that git sets for hooks would send it to another repository.
        let environment = Environment.inherit.updating([
            "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_DIR": nil, "GIT_WORK_TREE": nil, "GIT_INDEX_FILE": nil,
            "GIT_PREFIX": nil,
        ])
        let status: TerminationStatus
        let output: [UInt8]
        let message: String
        do {
            let result = try await run(
                .name("git"), arguments: arguments, environment: environment, output: .bytes(limit: outputLimit),
                error: .bytes(limit: 1 << 20))
            (status, output) = (result.terminationStatus, result.standardOutput)
            message = String(decoding: result.standardError, as: UTF8.self)
        } catch {
            throw GitError(
                description:
                    "cannot ask git for the tracked files of '\(displayName(of: workspace))': \(error); install git,"
                    + " or leave out --gitignore")
        }
        guard status.isSuccess else {
            if message.contains("not a git repository") || message.contains("must be run in a work tree") { return nil }
            let reason = message.split(separator: "\n").first.map { displayName(of: Array($0.utf8)) } ?? "\(status)"
            throw GitError(
                description:
                    "git cannot list the tracked files of '\(displayName(of: workspace))': \(reason); correct that,"
                    + " or leave out --gitignore")
        }
        return output.split(separator: 0).compactMap { try? RelativePath(validating: $0) }
    }
}
