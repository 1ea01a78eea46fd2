import FerryCore
import FerryEngine
import FerryFileSystem
import FerryTransport
import SystemPackage

/// The sandbox of one operation, open: where the workspace's directory is, and how its parts are reached.
///
/// What blocks here is called on a thread that may.
final class RuntimeSite: Sendable {
    private enum Place: Sendable {
        case machine
        case sandbox(any Sandbox, isOwned: Bool)
    }

    /// The workspace's directory over there, as an absolute path.
    let remote: [UInt8]
    private let place: Place
    /// What baselines and locks know the directory by.
    private let target: [UInt8]
    private let deadline: Duration

    /// Opens the sandbox of a spec.
    ///
    /// - Parameters:
    ///   - transport: The way there.
    ///   - remote: The workspace's directory.
    ///   - spec: Which sandbox it is.
    /// - Throws: ``RuntimeError``.
    init(_ transport: RuntimeTransport, remote: SandboxPath, spec: ExecutionSpec) throws(RuntimeError) {
        deadline = spec.timeout
        do throws(TransportError) {
            switch transport.way {
            case .machine:
                guard remote.base == .root else {
                    throw TransportError(
                        .unsupported, sandbox: "this machine", purpose: "finding the directory",
                        reason: "on this machine the path has to be absolute")
                }
                place = .machine
                self.remote = remote.bytes
                target = remote.bytes
            case .borrowed(let sandbox):
                place = .sandbox(sandbox, isOwned: false)
                self.remote = try remote.resolved(in: sandbox)
                target = Self.target(spec) + self.remote
            case .endpoint(let endpoint):
                let sandbox = try endpoint.open()
                place = .sandbox(sandbox, isOwned: true)
                do throws(TransportError) {
                    self.remote = try remote.resolved(in: sandbox)
                } catch {
                    sandbox.close()
                    throw error
                }
                target = endpoint.root == remote ? endpoint.target : Self.target(spec) + self.remote
            }
        } catch {
            throw RuntimeError(error, doing: "opening it")
        }
    }

    /// Ends what was opened here.
    func close() {
        if case .sandbox(let sandbox, isOwned: true) = place { sandbox.close() }
    }

    /// The name of a spec's sandbox in the state directory; no two sandboxes have the same.
    private static func target(_ spec: ExecutionSpec) -> [UInt8] {
        let parts = [spec.provider, spec.sandboxID].map { part in
            part.utf8.flatMap { byte in
                ":%/".utf8.contains(byte) ? Array("%\(String(byte, radix: 16))".utf8) : [byte]
            }
        }
        return Array("runtime:".utf8) + parts.joined(separator: Array("/".utf8)) + [UInt8(ascii: ":")]
    }

    /// The workspace's directory.
    var workspace: Endpoint {
        switch place {
        case .machine: .directory(remote)
        case .sandbox(let sandbox, _):
            .sandbox(
                SandboxEndpoint(target: target, root: SandboxPath(absolute: remote)) { BorrowedSandbox(sandbox) })
        }
    }

    /// Makes sure that the workspace's directory can be made.
    func prepareRoot(isNeeded: Bool) throws(RuntimeError) {
        guard case .machine = place else { return }
        do throws(FileSystemError) {
            var ends = remote.indices.filter { $0 > 0 && remote[$0] == RelativePath.separator }
            if isNeeded { ends.append(remote.count) }
            for end in ends { try RootDirectory.create(Array(remote[..<end])) }
        } catch {
            throw RuntimeError(
                .sandboxFailed, "The sandbox's directory could not be made.", advice: "Check that it may be written.",
                detail: error.description)
        }
    }

    /// Removes directories below the runtime root.
    ///
    /// - Parameters:
    ///   - names: Their names; nil: the runtime root itself, and the runtime directory when nothing else is in it.
    ///   - runtimeDirectory: The runtime directory's name.
    ///   - adapter: The runtime root's name in it.
    /// - Throws: ``RuntimeError``, also when the transport cannot remove anything.
    func remove(
        _ names: [TerminatedName]?, in runtimeDirectory: TerminatedName, _ adapter: TerminatedName
    ) throws(RuntimeError) {
        switch place {
        case .machine:
            do throws(FileSystemError) {
                try removeHere(names, runtimeDirectory, adapter)
            } catch {
                throw RuntimeError(
                    .sandboxFailed, "The runtime directory could not be cleaned.",
                    advice: "Check that it may be written.", detail: error.description)
            }
        case .sandbox(let sandbox, _):
            let text = RuntimeRemoval.script(names, in: runtimeDirectory, adapter, below: remote)
            var command = SandboxCommand(text, purpose: "cleaning the runtime directory")
            command.isIdempotent = true
            command.deadline = deadline
            do throws(TransportError) {
                guard sandbox.capabilities.runsCommands else {
                    throw TransportError(
                        .unsupported, sandbox: sandbox.name, purpose: command.purpose,
                        reason: "no command can be run there")
                }
                _ = try sandbox.run(command, outputLimit: 4 << 10)
            } catch {
                throw RuntimeError(error, doing: command.purpose)
            }
        }
    }

    private func removeHere(
        _ names: [TerminatedName]?, _ runtimeDirectory: TerminatedName, _ adapter: TerminatedName
    ) throws(FileSystemError) {
        let root: OpenDirectory
        do throws(FileSystemError) {
            root = try RootDirectory.open(remote)
        } catch {
            if error.cause == .noSuchFileOrDirectory { return }
            throw error
        }
        guard let holder = try RootDirectory.openIfPresent([runtimeDirectory], below: root) else { return }
        guard let names else {
            try RuntimeDirectoryEraser.erase(adapter, in: holder)
            return try RuntimeDirectoryEraser.eraseIfOnly(RuntimeRemoval.marker, isIn: runtimeDirectory, in: root)
        }
        guard let directory = try RootDirectory.openIfPresent([adapter], below: holder) else { return }
        for name in names { try RuntimeDirectoryEraser.erase(name, in: directory) }
    }
}
