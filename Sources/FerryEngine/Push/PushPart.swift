public import FerryCore
import FerryFileSystem

/// One tree of a push that brings several into one endpoint.
///
/// A push has at most one workspace, which goes to the endpoint's root, and any number of assets, each below it.
public struct PushPart: Sendable {
    enum Role: Sendable, Hashable {
        case workspace
        case asset
    }

    let role: Role
    let directory: [UInt8]
    /// Where it goes, below the endpoint's root; empty: the root itself.
    let destination: [UInt8]
    let rules: IgnoreRules
    let followsLinks: Bool
    /// The scan that pushes into other destinations go by too; nil: its own.
    var sharedScan: SharedScan?

    /// A workspace: it goes to the endpoint's root, with the halts, the rules and the baseline of a push of its own.
    ///
    /// - Parameter directory: The workspace's path.
    /// - Returns: The part.
    public static func workspace(_ directory: [UInt8]) -> PushPart {
        PushPart(
            role: .workspace, directory: directory, destination: [], rules: IgnoreRules(), followsLinks: false)
    }

    /// A workspace that goes to several endpoints at a time.
    static func workspace(_ directory: [UInt8], sharing scan: SharedScan) -> PushPart {
        var part = workspace(directory)
        part.sharedScan = scan
        return part
    }

    /// An asset: a directory of the endpoint becomes its exact image, in place and without halts.
    ///
    /// What is there and not in the image goes, what is excluded from it as well. No rule file in it counts, no secret is looked for,
    /// and nothing is remembered of it.
    ///
    /// - Parameters:
    ///   - directory: The local directory.
    ///   - destination: Where it goes, below the endpoint's root.
    ///     It must lie in a directory that the workspace's rules leave out, such as a runtime directory; of a path of several
    ///     components that directory gets a `.gitignore` of `*`.
    ///   - rules: What of the local directory is left out.
    ///   - followsLinks: Whether a symbolic link stands for what it leads to.
    ///     One that leads nowhere stays a link; one that leads back to a directory above it becomes an empty directory.
    /// - Returns: The part.
    public static func asset(
        _ directory: [UInt8], at destination: RelativePath, rules: IgnoreRules = IgnoreRules(),
        followsLinks: Bool = false
    ) -> PushPart {
        PushPart(
            role: .asset, directory: directory, destination: destination.bytes, rules: rules,
            followsLinks: followsLinks)
    }
}

extension PushPart {
    /// Refuses parts that would get into each other's way.
    static func check(_ parts: [PushPart]) throws(SyncError) {
        func refused(_ part: PushPart, _ reason: String) -> SyncError {
            let name = displayName(of: part.destination)
            return SyncError(.usage, "an asset cannot go to '\(name)': \(reason); nothing was changed")
        }
        guard !parts.isEmpty else { throw SyncError(.usage, "nothing was named to be pushed") }
        guard parts.count(where: { $0.role == .workspace }) <= 1 else {
            throw SyncError(.usage, "a push takes one workspace, and there are several; push the others on their own")
        }
        let assets = parts.filter { $0.role == .asset }
        for (index, part) in assets.enumerated() {
            let path = RelativePath(unchecked: part.destination)
            for component in path.components where component.starts(with: ReservedNames.temporaryPrefix) {
                throw refused(part, "'\(displayName(of: component))' is a name of Ferry's temporary files")
            }
            if path.components.dropFirst().first?.elementsEqual(PartGround.ignoreName) == true {
                throw refused(part, "Ferry keeps a file of its own there")
            }
            for other in assets[..<index] {
                let place = RelativePath(unchecked: other.destination)
                guard path.isSameOrBelow(place) || place.isSameOrBelow(path) else { continue }
                throw refused(part, "another one goes to '\(displayName(of: other.destination))'")
            }
        }
    }
}

/// What the parts of a push stand on: the directories that lead to the assets, and the files that tell git to leave them alone.
struct PartGround: Sendable {
    static let ignoreName = Array(".gitignore".utf8)
    static let ignoreContent = Array("*\n".utf8)
    /// What is made on the way has this mode, whatever the umask over there.
    static let directoryMode: UInt16 = 0o755
    static let ignoreMode: UInt16 = 0o644

    /// The directories that assets go to, and those above them, parents first.
    let directories: [[UInt8]]
    /// The `.gitignore` of each topmost one.
    let ignoreFiles: [[UInt8]]

    init(_ destinations: [[UInt8]]) {
        var all: Set<RelativePath> = []
        var ignoring: Set<[UInt8]> = []
        for destination in destinations where !destination.isEmpty {
            var path = RelativePath(unchecked: destination)
            while true {
                let isNew = all.insert(path).inserted
                guard let parent = path.parent else { break }
                if parent.parent == nil { ignoring.insert(parent.bytes + [RelativePath.separator] + Self.ignoreName) }
                guard isNew else { break }
                path = parent
            }
        }
        directories = all.sorted().map(\.bytes)
        ignoreFiles = ignoring.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
