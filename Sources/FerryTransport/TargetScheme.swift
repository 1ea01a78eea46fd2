/// The ways of writing where a sandbox or an archive is.
public enum TargetScheme: String, Sendable, CaseIterable {
    /// A directory on this machine.
    case directory = "dir"
    /// A directory on a host that `ssh` reaches.
    case ssh
    /// A directory in a Docker container.
    case docker
    /// A directory in a container of a Kubernetes pod.
    case kubernetes = "k8s"
    /// A directory in an E2B sandbox.
    case e2b
    /// A directory in a Daytona sandbox.
    case daytona
    /// A directory in a Vercel sandbox.
    case vercel
    /// A directory behind a sandbox-agent server.
    case sandboxAgent = "sandbox-agent"
    /// A directory behind a command of the user's configuration.
    case exec
    /// A tar archive.
    case tar
    /// A tar stream on standard input or output.
    case standardStream = "-"

    /// How a target of this scheme is written, for messages and help.
    public var form: String {
        switch self {
        case .directory: "dir:PATH"
        case .ssh: "ssh://[user@]host[:port]/PATH"
        case .docker: "docker://CONTAINER/PATH"
        case .kubernetes: "k8s://NAMESPACE/POD[/CONTAINER]:/PATH"
        case .e2b: "e2b://ID/PATH"
        case .daytona: "daytona://ID/PATH"
        case .vercel: "vercel://ID/PATH"
        case .sandboxAgent: "sandbox-agent://PROFILE/PATH"
        case .exec: "exec:PROFILE:/PATH"
        case .tar: "tar:FILE"
        case .standardStream: "-"
        }
    }
}
