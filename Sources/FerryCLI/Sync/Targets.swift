import FerryEngine
import FerryProviders
import FerryTransport
import Glibc

/// Turns what the user wrote into the engine's endpoints.
enum Targets {
    /// A target in the engine's terms.
    static func endpoint(_ text: String) throws(CommandFailure) -> Endpoint {
        do throws(TargetError) {
            let target = try Target(parsing: ArgumentText.bytes(of: text), home: ProcessInput.environment("HOME"))
            return switch try ProviderRegistry.standard.endpoint(for: target) {
            case .directory(let path): .directory(path)
            case .archive(let path): .archive(path)
            case .standardStream: .standardStream
            case .sandbox(let endpoint): .sandbox(endpoint)
            }
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }

    /// A target that must be a directory on this machine.
    static func workspace(_ text: String) throws(CommandFailure) -> [UInt8] {
        guard case .directory(let path) = try endpoint(text) else {
            throw CommandFailure(
                .usage,
                "'\(ArgumentText.message(text))' is not a directory on this machine; the workspace has to be one")
        }
        return path
    }

    /// Refuses a stream that would go to or come from a terminal.
    static func checkStream(_ endpoint: Endpoint, descriptor: Int32) throws(CommandFailure) {
        guard endpoint == .standardStream, Terminal.isTerminal(descriptor) else { return }
        let (name, advice) =
            descriptor == STDIN_FILENO
            ? ("standard input", "pipe a tar into the command") : ("standard output", "redirect it, or name tar:FILE")
        throw CommandFailure(.usage, "'-' means a tar on \(name), which is a terminal; \(advice)")
    }
}
