import ArgumentParser
import FerryCore

/// Which paths are looked at at all.
struct SelectionArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Look only at the paths listed in LIST, '-' for standard input.",
            discussion:
                "One path a line, below the workspace's root; a listed directory means all its content. What is not"
                + " listed counts as excluded: it is neither sent nor deleted.",
            valueName: "list"))
    var filesFrom: String?

    @Flag(
        name: [.customShort("0"), .customLong("from0")],
        help: "The paths of --files-from end with NUL, not with a line feed.")
    var fromZero = false

    @Flag(name: [.customShort("x"), .long], help: "Stay on one file system.")
    var oneFileSystem = false

    func validate() throws {
        if fromZero && filesFrom == nil {
            throw ValidationError("--from0 says how --files-from LIST is read; give that too")
        }
    }

    /// The listed paths; nil when all are meant.
    func selection() throws(CommandFailure) -> FileSelection? {
        guard let filesFrom else { return nil }
        let content = try InputFile.read(ArgumentText.bytes(of: filesFrom), for: "--files-from")
        return FileSelection(try SelectionArguments.paths(in: content, zeroTerminated: fromZero))
    }

    /// How many of the options read standard input.
    var standardInputUses: Int { filesFrom == "-" ? 1 : 0 }

    /// Reads a list as rsync does: a slash at the start or end and `./` mean nothing, empty lines and, unless the paths end
    /// with NUL, lines that begin with `#` or `;` are skipped.
    static func paths(in content: [UInt8], zeroTerminated: Bool) throws(CommandFailure) -> [RelativePath] {
        var paths: [RelativePath] = []
        let terminator = zeroTerminated ? 0 : UInt8(ascii: "\n")
        for (index, line) in content.split(separator: terminator, omittingEmptySubsequences: false).enumerated() {
            var line = line
            if !zeroTerminated {
                if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
                if line.first == UInt8(ascii: "#") || line.first == UInt8(ascii: ";") { continue }
            }
            let components = line.split(separator: RelativePath.separator).filter { !$0.elementsEqual(".".utf8) }
            if components.isEmpty {
                // The root itself: everything.
                if !line.isEmpty { throw CommandFailure(.usage, Self.rootListed(index + 1)) }
                continue
            }
            do throws(RelativePathError) {
                paths.append(
                    try RelativePath(validating: Array(components.joined(separator: [RelativePath.separator]))))
            } catch {
                throw CommandFailure(
                    .usage,
                    "entry \(index + 1) of --files-from, '\(displayName(of: line))', does not stay below the workspace's root;"
                        + " list paths relative to it")
            }
        }
        return paths
    }

    private static func rootListed(_ number: Int) -> String {
        "entry \(number) of --files-from means the whole workspace; leave out --files-from instead"
    }
}
