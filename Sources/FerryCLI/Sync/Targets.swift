import FerryEngine
import FerryProviders
import FerryTransport
import Glibc

/// Turns what the user wrote into the engine's endpoints.
enum Targets {
    /// How sandboxes are written, for help texts.
    static let help =
        "A sandbox is a directory, or one of "
        + ProviderRegistry.standard.schemes.filter { ![.directory, .tar, .standardStream].contains($0) }
        .map(\.form).joined(separator: ", ") + "."

    /// A target in the engine's terms.
    static func endpoint(_ text: String) throws(CommandFailure) -> Endpoint {
        try endpoint(ArgumentText.bytes(of: text))
    }

    /// A target in the engine's terms, by its bytes.
    static func endpoint(_ bytes: [UInt8]) throws(CommandFailure) -> Endpoint {
        do throws(TargetError) {
            let target = try Target(parsing: bytes, home: ProcessInput.environment("HOME"))
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
