import Foundation
import TestSupport
import Testing

/// Starts both engines before a suite and stops them after it.
struct WithEngines: SuiteTrait, TestScoping {
    let isRecursive = false

    @TaskLocal static var engines: [ContainerEngine.Kind: ContainerEngine] = [:]

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let engines = await withTaskGroup(of: ContainerEngine?.self) { group in
            for kind in ContainerEngine.Kind.allCases { group.addTask { Self.start(kind) } }
            var engines: [ContainerEngine.Kind: ContainerEngine] = [:]
            for await engine in group { if let engine { engines[engine.kind] = engine } }
            return engines
        }
        defer { for engine in engines.values { engine.stop() } }
        try await Self.$engines.withValue(engines, operation: function)
    }

    private static func start(_ kind: ContainerEngine.Kind) -> ContainerEngine? {
        do {
            return try ContainerEngine(kind)
        } catch {
            print("SKIPPED: the tests with a real \(kind.rawValue) do not run here: \(error)")
            return nil
        }
    }

    /// The engine of a test; cancels the test, which says so, where there is none.
    static func engine(_ kind: ContainerEngine.Kind) throws -> ContainerEngine {
        guard let engine = engines[kind] else {
            try Test.cancel("\(kind.rawValue) cannot run on this machine; the output says why")
        }
        return engine
    }
}

extension Trait where Self == WithEngines {
    /// Starts both engines before a suite and stops them after it.
    static var withEngines: Self { WithEngines() }
}
