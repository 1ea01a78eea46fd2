import FerryCore
import FerryEngine
import FerryFileSystem
import FerryThreads

/// One push of a run.
struct RuntimeUpload: Sendable {
    var part: RuntimePart
    /// The directory on this machine.
    var source: [UInt8]
    /// Where it goes below the workspace's directory; nil: there itself.
    var components: [TerminatedName]?
    var options: SyncOptions
}

/// What a run sends: the workspace and assets as they are, and trees that are made only to be sent.
struct RuntimeSources: Sendable {
    private(set) var uploads: [RuntimeUpload] = []
    private(set) var problems: [Problem] = []
    private let tree: PrivateTree

    /// The file in the runtime directory, which says to git that nothing there is its own.
    private static let markerContent = Array("*\n".utf8)
    /// The same at all times, so that it is sent once.
    private static let markerTime = Timestamp(seconds: 946_684_800)

    /// Makes the trees.
    ///
    /// - Parameters:
    ///   - layout: What is to be prepared.
    ///   - name: The runtime's name in the state directory.
    ///   - store: The state.
    ///   - cancellation: Raise it to stop.
    /// - Throws: ``RuntimeError``.
    init(
        _ layout: RuntimeLayout, name: String, store: RuntimeStore, _ cancellation: CancellationFlag
    ) throws(RuntimeError) {
        do throws(FileSystemError) {
            tree = try PrivateTree(
                named: TerminatedName(unchecked: ArraySlice(Array(name.utf8) + [0])), in: store.stagingDirectory)
        } catch {
            throw .state(error)
        }
        do throws(RuntimeError) {
            try fill(layout, cancellation)
        } catch {
            tree.discard()
            throw error
        }
    }

    /// Removes the trees.
    func discard() { tree.discard() }

    private mutating func fill(_ layout: RuntimeLayout, _ cancellation: CancellationFlag) throws(RuntimeError) {
        let preparation = layout.preparation
        if preparation.syncsWorkspace {
            uploads.append(
                RuntimeUpload(
                    part: .workspace, source: preparation.workspaceLocalDirectory, components: nil,
                    options: layout.workspaceOptions()))
        }
        uploads.append(try runtimeRoot(layout))
        for (asset, name) in layout.assets {
            uploads.append(
                RuntimeUpload(
                    part: .asset(asset.key), source: try source(of: asset, name, layout, cancellation),
                    components: [layout.runtimeDirectory, layout.adapter, name], options: layout.assetOptions()))
        }
    }

    private func runtimeRoot(_ layout: RuntimeLayout) throws(RuntimeError) -> RuntimeUpload {
        // A name that no asset can have.
        let name = TerminatedName(unchecked: Array(".root\0".utf8)[...])
        do throws(FileSystemError) {
            let directory = try tree.makeDirectory(name, mode: 0o755)
            try PrivateTree.makeFile(
                RuntimeRemoval.marker, in: directory, content: Self.markerContent, time: Self.markerTime)
            try PrivateTree.makeDirectory(layout.adapter, in: directory, mode: 0o755)
        } catch {
            throw .state(error)
        }
        return RuntimeUpload(
            part: .runtimeRoot, source: tree.path + [RelativePath.separator] + name.bytes,
            components: [layout.runtimeDirectory], options: layout.runtimeRootOptions())
    }

    /// The directory that is sent for an asset: its own, or a copy that is what the sandbox is to have.
    private mutating func source(
        of asset: RuntimeAsset, _ name: TerminatedName, _ layout: RuntimeLayout, _ cancellation: CancellationFlag
    ) throws(RuntimeError) -> [UInt8] {
        func unreadable(_ error: FileSystemError) -> RuntimeError {
            let part = RuntimePart.asset(asset.key).name
            return RuntimeError(
                .assetUnavailable, "\(part.prefix(1).uppercased() + part.dropFirst()) cannot be read.",
                advice: "Check that its directory is there and may be read.",
                detail: "\(part) in '\(displayName(of: asset.localDirectory))': \(error)")
        }
        let directory: OpenDirectory
        do throws(FileSystemError) {
            directory = try RootDirectory.open(asset.localDirectory)
        } catch {
            throw unreadable(error)
        }
        guard asset.followsSymlinks || !asset.exclude.isEmpty else { return asset.localDirectory }
        var patterns = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .commandLine, label: Array("the asset".utf8))
        for pattern in asset.exclude { patterns.append(excluding: Array(pattern.utf8), origin: origin) }
        let rules = IgnoreRules(defaults: layout.preparation.options.rules.defaults, commandLine: patterns)
        let copy: OpenDirectory
        do throws(FileSystemError) { copy = try tree.makeDirectory(name, mode: 0o700) } catch { throw .state(error) }
        do throws(SelectedCopy.Failure) {
            problems += try SelectedCopy.make(
                of: directory, in: copy, rules: rules, followsLinks: asset.followsSymlinks, cancellation: cancellation)
        } catch {
            switch error {
            case .cancelled: throw RuntimeError.stopped
            case .fileSystem(let failure): throw unreadable(failure)
            }
        }
        return tree.path + [RelativePath.separator] + name.bytes
    }
}
