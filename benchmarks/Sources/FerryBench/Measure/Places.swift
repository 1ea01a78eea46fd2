import Glibc

/// The paths that a row's subjects work with: new ones for each run, or some that live as long as the row.
final class Places {
    /// How destinations are made, for the report.
    var description: String? { volume?.description }

    private let row: Row
    private let ferry: String
    private let tree: String
    private let tarball: String
    private let compressed: String
    private let assets: [String]
    private let scratch: String
    private let volume: Volume?
    private let server: ShellServer?
    private var serial = 0
    private var kept: [Scene] = []
    private var homes: [String] = []

    init(row: Row, options: MeasureOptions, trees: Trees, scratch: String) throws {
        self.row = row
        self.scratch = scratch
        ferry = options.ferry
        let profile = options.profile ?? row.profile
        let (path, summary) = try trees.tree(profile, fraction: row.size)
        tree = path
        tarball = row.needsTarball ? try trees.tarball(profile) : ""
        compressed = row.needsCompressed && Tools.find("zstd") != nil ? try trees.compressed(profile) : ""
        assets = try (0..<row.assets).map { _ in try trees.tree(profile, fraction: row.size / 50).path }
        // With destinations that are kept goes a source that may be changed.
        let copies =
            switch row.work {
            case .scan, .stream, .fresh: max(1, row.copies)
            case .again: row.subjects.count
            case .changed, .returned: 2 * row.subjects.count
            }
        if case .scan = row.work {
            volume = nil
        } else {
            volume = try Volume(
                base: "\(scratch)/volume-\(row.id)",
                size: Volume.size(bytes: summary.bytes * Int64(copies), entries: summary.entries * copies))
        }
        server =
            if let distance = row.distance {
                try ShellServer(directory: "\(scratch)/shell-\(row.id)", distance: distance)
            } else { nil }
    }

    /// Makes the destinations that live as long as the row, and their sources; they are to be filled.
    func prepare() throws {
        guard row.work.keepsPlaces, let volume else { return }
        let directory = try volume.fresh()
        var shared: String?
        if case .changed = row.work { shared = try copyOfTree(directory + "/tree") }
        for index in row.subjects.indices {
            let base = "\(directory)/\(index)"
            var scene = try makeScene(base)
            if let shared { scene.tree = shared }
            if case .returned = row.work { scene.tree = try copyOfTree(base + "/tree") }
            kept.append(scene)
            homes.append(base + "/home")
        }
    }

    /// Changes what the next runs have to find changed: the same for all subjects.
    func change(turn: Int) throws {
        switch row.work {
        case .scan, .stream, .fresh, .again: return
        case .changed(let fraction):
            guard let tree = kept.first?.tree else { return }
            var changes = TreeChanges(seed: UInt64(turn))
            try changes.change(tree) { max(1, Int(Double($0) * fraction)) }
        case .returned(let count):
            for scene in kept {
                var changes = TreeChanges(seed: UInt64(turn))
                try changes.change(scene.destination) { min($0, count) }
            }
        }
    }

    /// The paths and the launcher for one run.
    ///
    /// A new file system is made only where something will be written into it.
    func stage(_ index: Int, extracting: Bool = false) throws -> (Scene, Launcher) {
        if row.work.keepsPlaces {
            try Files.write(Session.encode(RuntimeRequest(kept[index])), to: kept[index].request)
            return (kept[index], launcher(home: homes[index]))
        }
        serial += 1
        let needsVolume = row.work.isFresh || extracting
        let base = needsVolume ? try volume?.fresh() : nil
        let place = base ?? "\(scratch)/home-\(row.id)-\(serial)"
        let scene = try makeScene(place)
        try Files.write(Session.encode(RuntimeRequest(scene)), to: scene.request)
        return (scene, launcher(home: place + "/home"))
    }

    /// The paths and the launcher for a run whose commands in the sandbox are counted into a file.
    ///
    /// - Parameters:
    ///   - index: The subject.
    ///   - log: What the file is called.
    /// - Returns: As `stage`.
    /// - Throws: When a path cannot be made.
    func stage(_ index: Int, countingInto log: String) throws -> (Scene, Launcher) {
        var (scene, launcher) = try stage(index)
        scene.command = Wire.counting(scene.command, into: log)
        try configure(scene)
        return (scene, launcher)
    }

    /// Tells Ferry how commands are run in a sandbox that is a child process.
    func configure(_ scene: Scene) throws {
        // A command that is a shell's stdin and stdout, as `kubectl exec` or `docker exec` would be.
        let words = scene.command.map { "\"\($0)\"" }.joined(separator: ", ")
        let home = scene.request.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        try Files.makeDirectory(home.joined(separator: "/") + "/config/ferry")
        try Files.write(
            "[profiles.local]\ncommand = [\(words)]\n", to: home.joined(separator: "/") + "/config/ferry/config.toml")
    }

    /// Gives everything back.
    func finish() {
        server?.stop()
        try? volume?.unmount()
        Tools.removeTree("\(scratch)/volume-\(row.id)")
    }

    private func makeScene(_ base: String) throws -> Scene {
        try Files.makeDirectory(base + "/destination")
        let scene = Scene(
            ferry: ferry, tree: tree, tarball: tarball, compressed: compressed, destination: base + "/destination",
            assets: assets,
            shell: server?.shell ?? "ssh", port: server?.port ?? 0, request: base + "/home/request.json")
        try configure(scene)
        return scene
    }

    private func copyOfTree(_ path: String) throws -> String {
        try Tools.run(["cp", "-a", tree, path], scratch: scratch)
        return path
    }

    private func launcher(home: String) -> Launcher {
        var environment = Tools.environment(home: home)
        if let server { environment.append("FERRY_SSH=" + server.shell) }
        return Launcher(environment: environment, diagnostics: scratch + "/subject.err")
    }
}
