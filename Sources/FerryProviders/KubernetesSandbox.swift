import FerryCore
public import FerryTransport

/// A container of a pod, reached by `kubectl exec`; the cluster and the credentials are those of kubectl's own configuration.
///
/// The end of a command's output proves nothing here: `kubectl` may cut it short and still exit with 0.
public final class KubernetesSandbox: Sandbox {
    /// What to call it in messages: `k8s://namespace/pod`.
    public let name: String
    /// Commands stream both ways, over a network; only an end mark within the output shows that nothing was cut.
    public let capabilities: SandboxCapabilities

    private let commands: ProcessSandbox
    private let status: ProcessSandbox

    /// Makes a sandbox; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - namespace: The namespace.
    ///   - pod: The pod.
    ///   - container: The container; nil: the pod's default one.
    ///   - command: The `kubectl` command with its first arguments.
    public init(namespace: [UInt8], pod: [UInt8], container: [UInt8]?, command: [[UInt8]] = [Array("kubectl".utf8)]) {
        let parts = [namespace, pod] + (container.map { [$0] } ?? [])
        name = "k8s://" + parts.map { displayName(of: $0) }.joined(separator: "/")
        var capabilities = SandboxCapabilities()
        capabilities.crossesNetwork = true
        capabilities.provesEndOfOutput = false
        // The command line travels as part of a URL, and API servers and proxies before them take requests of some 32 KiB.
        capabilities.longestCommand = 8 << 10
        self.capabilities = capabilities
        let place = [Array("-n".utf8), namespace]
        var prefix = command + [Array("exec".utf8), Array("-i".utf8)] + place + [pod]
        if let container { prefix += [Array("-c".utf8), container] }
        commands = ProcessSandbox(
            name: name, prefix: prefix + [Array("--".utf8)], capabilities: capabilities, verdict: Self.verdict)
        status = ProcessSandbox(
            name: name,
            prefix: command + [Array("get".utf8), Array("pod".utf8)] + place + [pod]
                + ["-o", "jsonpath={.metadata.uid}"].map { Array($0.utf8) },
            form: .nothing, verdict: Self.statusVerdict)
    }

    /// The pod's unique identifier: a pod of the same name that was made anew is another sandbox.
    public func identity() throws(TransportError) -> SandboxIdentity? {
        var question = SandboxCommand([], purpose: "asking for the pod's identifier")
        question.deadline = .seconds(30)
        let answer = try status.run(question, outputLimit: 4_096).output
        guard !answer.isEmpty, answer.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw TransportError(
                .malformed, sandbox: name, purpose: question.purpose,
                reason: "'\(displayName(of: answer))' is no identifier", advice: "look at the pod with kubectl get pod")
        }
        return SandboxIdentity(id: answer)
    }

    /// Starts a command in the container.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        try commands.start(command)
    }

    /// Starts nothing more.
    public func close() { commands.close() }

    // MARK: What kubectl says

    /// The line by which kubectl tells a command's status; it goes out of what the command said itself.
    private static let statusWords = Array("command terminated with exit code ".utf8)

    private static let verdict: ProcessSandbox.Verdict = { exit, isSignal in
        if isSignal { return .failed(.disconnected, reason: "kubectl was killed", advice: "") }
        guard exit.status != 0 else { return .ended(exit) }
        var exit = exit
        var lines = exit.errorTail.split(separator: 0x0A, omittingEmptySubsequences: false)
        if let index = lines.lastIndex(where: { $0.starts(with: statusWords) }) {
            lines.remove(at: index)
            exit.errorTail = Array(lines.joined(separator: [0x0A]))
            return .ended(exit)
        }
        // kubectl fails with 1 itself; no other status is its own.
        return exit.status == 1 ? failure(exit.errorTail, otherwise: .disconnected) : .ended(exit)
    }

    private static let statusVerdict: ProcessSandbox.Verdict = { exit, isSignal in
        exit.status == 0 && !isSignal ? .ended(exit) : failure(exit.errorTail, otherwise: .unreachable)
    }

    private static func failure(_ errorTail: [UInt8], otherwise code: TransportError.Code) -> ProcessVerdict {
        let text = String(decoding: errorTail, as: UTF8.self)
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("Forbidden", "Unauthorized", "forbidden", "You must be logged in") {
            return .failed(
                .denied, reason: "the cluster does not allow it", advice: "check kubectl auth can-i create pods/exec")
        }
        if says("NotFound", "not found", "container not found", "is not valid for pod") {
            return .failed(.notFound, reason: "there is no such pod or container", advice: "look with kubectl get pods")
        }
        if says("Unable to connect", "connection refused", "no such host", "i/o timeout", "was refused") {
            return .failed(.unreachable, reason: "the cluster cannot be reached", advice: "check kubectl cluster-info")
        }
        if says("TooManyRequests", "Too Many Requests") {
            return .failed(.busy, reason: "the cluster has too much to do", advice: "")
        }
        return .failed(code, reason: "kubectl failed without the command's status", advice: "try the same with kubectl")
    }
}
