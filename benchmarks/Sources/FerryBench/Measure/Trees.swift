import FoundationEssentials
import Glibc

/// The source trees of a run, generated when first asked for.
final class Trees {
    private let directory: String
    private let scale: Double
    private let seed: UInt64
    private let scratch: String

    /// - Parameters:
    ///   - directory: where the trees are; complete ones that are there already are used again.
    ///   - scale: the size as a fraction of the full profile.
    ///   - seed: the generator's seed.
    ///   - scratch: a directory for small files.
    /// - Throws: when the directory cannot be made.
    init(directory: String, scale: Double, seed: UInt64, scratch: String) throws {
        self.directory = directory
        self.scale = scale
        self.seed = seed
        self.scratch = scratch
        try Files.makeDirectory(directory)
    }

    /// The path of a profile's tree, and what it holds.
    ///
    /// - Parameters:
    ///   - profile: What it is like.
    ///   - fraction: How much of the size that this session is for.
    /// - Returns: The tree, made now unless it is there.
    /// - Throws: When it cannot be made.
    func tree(_ profile: Profile, fraction: Double = 1) throws -> (path: String, summary: TreeSummary) {
        let scale = profile.isReal ? 1 : scale * fraction
        let path = "\(directory)/\(profile.rawValue)-\(scale)-\(seed)"
        let proof = path + ".json"
        let decoder = JSONDecoder()
        if let text = try? Files.read(proof), let summary = try? decoder.decode(TreeSummary.self, from: Data(text.utf8))
        {
            return (path, summary)
        }
        if Files.exists(path) { Tools.removeTree(path) }
        Progress.say("generating \(profile.rawValue) at scale \(scale.fixed(3))")
        // In a process of its own: each subject's peak memory starts from the peak of the process that starts it.
        let made = path + ".making"
        try Tools.run(
            ["/proc/self/exe", "gen", profile.rawValue, path, "--scale", "\(scale)", "--seed", "\(seed)"],
            scratch: scratch, output: made)
        let summary = try decoder.decode(TreeSummary.self, from: Data(try Files.read(made).utf8))
        guard unsafe rename(made, proof) == 0 else { throw BenchError.call("rename", proof) }
        return (path, summary)
    }

    /// The path of the same tar file, compressed with zstd at the level that GNU tar takes.
    func compressed(_ profile: Profile) throws -> String {
        let tarball = try tarball(profile)
        let path = tarball + ".zst"
        if Files.exists(path) { return path }
        try Tools.run(["zstd", "-q", tarball, "-o", path + ".making"], scratch: scratch)
        guard unsafe rename(path + ".making", path) == 0 else { throw BenchError.call("rename", path) }
        return path
    }

    /// The path of a tar file with a profile's tree, made by GNU tar in pax format: full times, none of access or change.
    func tarball(_ profile: Profile) throws -> String {
        let tree = try tree(profile).path
        let path = tree + ".tar"
        if Files.exists(path) { return path }
        Progress.say("writing \(profile.rawValue).tar")
        try Tools.run(
            [
                "tar", "--format=posix", "--pax-option=delete=atime,delete=ctime", "-C", tree, "-cf", path + ".making",
                ".",
            ], scratch: scratch)
        guard unsafe rename(path + ".making", path) == 0 else { throw BenchError.call("rename", path) }
        return path
    }
}
