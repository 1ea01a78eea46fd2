import FerryProviders
import FerryTransport
import Testing

@Suite("Targets in containers")
struct DockerProviderTests {
    private func endpoint(_ text: [UInt8], _ environment: [String: String] = [:]) throws(TargetError)
        -> EndpointDescription
    {
        try DockerProvider(environment: environment).endpoint(for: Target(parsing: text, home: nil))
    }

    @Test("A target leads to the container and the directory in it")
    func target() throws {
        guard case .sandbox(let place) = try endpoint(Array("docker://web_1.x-y/srv/\u{E9}".utf8)) else {
            Issue.record("no sandbox")
            return
        }
        let sandbox = try place.open()
        #expect(sandbox.name == "docker://web_1.x-y" && place.root == SandboxPath(absolute: Array("/srv/\u{E9}".utf8)))
        #expect(sandbox.capabilities.movesArchives && !sandbox.capabilities.crossesNetwork)
        let remote = try endpoint(Array("docker://web/srv".utf8), ["DOCKER_HOST": "tcp://10.0.0.1:2375"])
        guard case .sandbox(let distant) = remote else { return }
        let other = try distant.open()
        #expect(other.capabilities.crossesNetwork && !other.capabilities.provesEndOfOutput)
    }

    @Test("Names that no container can have are refused", arguments: ["..", "a%2Fb", "a b", ".x"])
    func names(name: String) throws {
        #expect(throws: TargetError.self) { try endpoint(Array("docker://\(name)/x".utf8)) }
    }

    @Test(
        "A DOCKER_HOST that cannot be reached is refused with advice",
        arguments: ["ssh://host", "unix://relative", "fd://", "tcp://", "tcp://user@host:1", "npipe:////./pipe/x"])
    func hosts(host: String) throws {
        let error = try #require(throws: TargetError.self) {
            try endpoint(Array("docker://c/x".utf8), ["DOCKER_HOST": host])
        }
        #expect(error.code == .unavailable && error.description.contains("DOCKER_HOST"), "\(error)")
    }

    @Test("TLS is not spoken, and that is said instead of trying without")
    func encryption() throws {
        let error = try #require(throws: TargetError.self) {
            try endpoint(Array("docker://c/x".utf8), ["DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1"])
        }
        #expect(error.description.contains("TLS"))
    }
}
