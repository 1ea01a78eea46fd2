import FerryCore
import FerryEngine
import FerryProviders
import FerryRuntime
import FerryTransport

/// The way to the sandbox of a request.
enum RuntimeTarget {
    /// Finds the way; nothing is reached yet.
    ///
    /// - Parameter request: Names the target, or only the provider and the sandbox.
    /// - Returns: The way.
    /// - Throws: ``RequestError`` for a target that leads nowhere, or to another directory.
    static func transport(of request: RuntimeRequest) throws(RequestError) -> RuntimeTransport {
        // Also when the workspace goes elsewhere: a later restore knows the spec only, and must find the same way.
        let directory = Array(request.spec.remoteDirectory.utf8)
        let text: [UInt8]
        if let given = request.target { text = Array(given.utf8) } else { text = try written(request.spec, directory) }
        let target: Target
        let description: EndpointDescription
        do throws(TargetError) {
            target = try Target(parsing: text, home: ProcessInput.environment("HOME"))
            description = try ProviderRegistry.standard.endpoint(for: target)
        } catch {
            throw RequestError(
                .invalidTarget, error.description, member: request.target == nil ? "spec.provider" : "target")
        }
        let endpoint: Endpoint =
            switch description {
            case .directory(let path): .directory(path)
            case .archive(let path): .archive(path)
            case .standardStream: .standardStream
            case .sandbox(let endpoint): .sandbox(endpoint)
            }
        let transport: RuntimeTransport
        do throws(RuntimeError) {
            transport = try RuntimeTransport.resolved(endpoint)
        } catch {
            throw RequestError(.invalidTarget, error.description, member: "target")
        }
        let path = target.isBelowRemoteHome ? Array(target.path.dropFirst()) : target.path
        guard trimmed(path) == trimmed(directory) else {
            throw RequestError(
                .invalidTarget,
                "the target '\(displayName(of: text))' and the spec name different directories; write the spec's,"
                    + " '\(displayName(of: directory))', into the target", member: "target")
        }
        return transport
    }

    /// Finds the runtime of a request, which was prepared before.
    static func resume(_ request: RuntimeRequest, in run: RuntimeRun) async throws -> PreparedRuntime {
        let transport = try transport(of: request)
        run.begin(request)
        return try await ManagedRuntime.resume(
            workspace: request.workspace, spec: request.spec, adapterKey: request.adapter,
            stateDirectory: request.stateDirectory, transport: transport, options: request.options)
    }

    /// The target as a user would write it.
    private static func written(_ spec: ExecutionSpec, _ directory: [UInt8]) throws(RequestError) -> [UInt8] {
        let sandbox = Array(spec.sandboxID.utf8)
        let profile = "exec:"
        if spec.provider.hasPrefix(profile) {
            return Array("\(spec.provider):".utf8) + directory
        }
        let scheme = TargetScheme(rawValue: spec.provider)
        let path = directory.first == UInt8(ascii: "~") ? [UInt8(ascii: "/")] + directory : directory
        switch scheme {
        case .directory: return Array("dir:".utf8) + directory
        case .exec: return Array(profile.utf8) + sandbox + Array(":".utf8) + directory
        case .kubernetes: return Array("k8s://".utf8) + sandbox + Array(":".utf8) + directory
        case .ssh, .docker, .e2b, .daytona, .vercel, .sandboxAgent:
            return Array("\(spec.provider)://".utf8) + sandbox + path
        case .tar, .standardStream, nil:
            let known = ProviderRegistry.standard.schemes.filter { ![.tar, .standardStream].contains($0) }
            throw RequestError(
                .invalidTarget,
                "there is no target, and the spec's provider is none of \(known.map(\.rawValue).joined(separator: ", "))",
                member: "spec.provider")
        }
    }

    private static func trimmed(_ path: [UInt8]) -> ArraySlice<UInt8> {
        let end = path.lastIndex { $0 != UInt8(ascii: "/") }
        return end.map { path[...$0] } ?? path[...]
    }
}
