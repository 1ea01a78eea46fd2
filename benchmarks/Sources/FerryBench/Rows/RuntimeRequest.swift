/// The document that `ferry runtime` is given: the tree is the workspace, and the destination the sandbox's directory.
struct RuntimeRequest: Encodable {
    private struct Spec: Encodable {
        var transport = "sandbox"
        var provider: String
        var sandboxId: String
        var remoteCwd: String
        var timeoutMs = 900_000
    }

    private struct Asset: Encodable {
        var key: String
        var path: String
    }

    /// The adapter's key, below which assets go.
    static let adapter = "bench"

    private var version = 1
    private var spec: Spec
    private var workspace: String
    private var adapter = RuntimeRequest.adapter
    private var assets: [Asset]
    /// Programs are let in, as in all rows that pull: the peers look at nothing.
    private var allowHeld = ["*"]

    /// The request of a scene: through the ssh server where there is one, else through a shell on a pipe.
    init(_ scene: Scene) {
        spec =
            scene.port > 0
            ? Spec(provider: "ssh", sandboxId: "127.0.0.1:\(scene.port)", remoteCwd: scene.destination)
            : Spec(provider: "exec", sandboxId: "local", remoteCwd: scene.destination)
        workspace = scene.tree
        assets = scene.assets.enumerated().map { Asset(key: "asset\($0 + 1)", path: $1) }
    }
}
