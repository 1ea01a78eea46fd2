public import FerryTransport

/// Finds the provider of a target.
public struct ProviderRegistry: Sendable {
    /// What this version of Ferry has: one line a provider.
    public static let standard = ProviderRegistry([
        DirectoryProvider(),
        TarProvider(),
        SSHProvider(),
        DockerProvider(),
        ExecProvider(),
        KubernetesProvider(),
    ])

    private let providers: [TargetScheme: any Provider]

    /// Makes a registry.
    ///
    /// - Parameter providers: The providers; of two for one scheme the later one counts.
    public init(_ providers: [any Provider]) {
        var table: [TargetScheme: any Provider] = [:]
        for provider in providers {
            for scheme in provider.schemes { table[scheme] = provider }
        }
        self.providers = table
    }

    /// The schemes that have a provider, in the order in which the documentation lists them.
    public var schemes: [TargetScheme] { TargetScheme.allCases.filter { providers[$0] != nil } }

    /// Says what a target leads to.
    ///
    /// - Parameter target: The target.
    /// - Returns: What is there.
    /// - Throws: ``TargetError`` when nothing here can reach it.
    public func endpoint(for target: Target) throws(TargetError) -> EndpointDescription {
        guard let provider = providers[target.scheme] else {
            let forms = schemes.map(\.form).joined(separator: ", ")
            throw TargetError(
                .unavailable, target.text, "this version of ferry does not reach '\(target.scheme.rawValue)' targets",
                advice: "it has a plain PATH, \(forms)")
        }
        return try provider.endpoint(for: target)
    }
}
