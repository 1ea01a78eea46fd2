import FerryProviders
import FerryTransport
import Testing

@Suite("The registry of providers")
struct ProviderRegistryTests {
    private func endpoint(_ text: String) throws(TargetError) -> EndpointDescription {
        try ProviderRegistry.standard.endpoint(for: Target(parsing: Array(text.utf8), home: nil))
    }

    @Test("Directories, archives and streams are reached")
    func available() throws {
        #expect(try endpoint("a/b") == .directory(Array("a/b".utf8)))
        #expect(try endpoint("dir:x") == .directory(Array("x".utf8)))
        #expect(try endpoint("tar:x.tar") == .archive(Array("x.tar".utf8)))
        #expect(try endpoint("-") == .standardStream)
    }

    @Test("Every other scheme is known and says that this version does not have it", arguments: TargetScheme.allCases)
    func unavailable(scheme: TargetScheme) throws {
        guard !ProviderRegistry.standard.schemes.contains(scheme) else { return }
        let example = scheme.form.replacing("[user@]", with: "").replacing("[:port]", with: "")
            .replacing("[/CONTAINER]", with: "")
        let error = try #require(throws: TargetError.self) { try endpoint(example) }
        #expect(error.code == .unavailable)
        #expect(error.description.contains(scheme.rawValue))
    }
}
