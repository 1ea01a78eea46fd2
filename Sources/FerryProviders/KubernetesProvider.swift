import FerryCore
public import FerryTransport

/// Containers of Kubernetes pods: `k8s://NAMESPACE/POD[/CONTAINER]:/PATH`, through the user's own `kubectl`.
public struct KubernetesProvider: Provider {
    private let command: [[UInt8]]

    /// Makes the provider.
    ///
    /// - Parameter command: The `kubectl` command with its first arguments.
    public init(command: [[UInt8]] = [Array("kubectl".utf8)]) { self.command = command }

    /// Pods.
    public var schemes: [TargetScheme] { [.kubernetes] }

    /// The directory in the container.
    public func endpoint(for target: Target) throws(TargetError) -> EndpointDescription {
        guard case .pod(let namespace, let pod, let container) = target.authority else {
            throw TargetError(
                .incomplete, target.text, "there is no pod", advice: "write \(TargetScheme.kubernetes.form)")
        }
        let command = command
        return .sandbox(
            SandboxEndpoint(target) { () throws(TransportError) in
                KubernetesSandbox(namespace: namespace, pod: pod, container: container, command: command)
            })
    }
}
