import FerryThreads
public import FerryTransport

/// A plain client that notes every call, and breaks where a test wants it to.
public final class FaultyClient: PlainClient {
    /// A call.
    public enum Call: Sendable, Hashable {
        /// A directory is made.
        case makeDirectory(String)
        /// A file of so many bytes is written.
        case writeFile(String, size: Int)
        /// A file is read.
        case readFile(String)
        /// A directory is listed.
        case list(String)
        /// Something is removed.
        case remove(String)
        /// A command is run.
        case run(String, timeout: Duration)
    }

    /// One way to break.
    public enum Fault: Sendable {
        /// The call fails and does nothing.
        case fails(TransportError.Code)
        /// The call does what it should, and then fails.
        case losesReply(TransportError.Code)
        /// What is written, read or printed loses its last bytes, and nobody says so.
        case truncates(by: Int)
        /// What is read or printed comes twice.
        case doubles
        /// The call never comes back unless it is cancelled.
        case hangs
    }

    private struct State {
        var calls: [Call] = []
        var pieces = 0
        var mostPieces = 0
        var largest = 0
    }

    private let client: any PlainClient
    private let choose: @Sendable (Call, Int) -> Fault?
    private let state = Monitor(State())

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - client: What is behind it.
    ///   - choose: Says how a call is to break, by the call and how many came before; nil: not at all.
    public init(_ client: any PlainClient, choose: @escaping @Sendable (Call, Int) -> Fault? = { _, _ in nil }) {
        self.client = client
        self.choose = choose
    }

    /// All calls, in order.
    public var calls: [Call] { state.withLock { state.state.calls } }
    /// The commands that were run.
    public var commands: [String] {
        calls.compactMap { if case .run(let command, _) = $0 { command } else { nil } }
    }
    /// The most bytes that one call carried.
    public var largestPiece: Int { state.withLock { state.state.largest } }
    /// The most pieces that were on their way at the same time.
    public var mostPieces: Int { state.withLock { state.state.mostPieces } }

    /// Forgets the calls.
    public func reset() { state.withLock { state.state.calls = [] } }

    /// As of the client behind it.
    public func makeDirectory(_ path: String) async throws {
        try await perform(.makeDirectory(path)) { _ in try await self.client.makeDirectory(path) }
    }

    /// As of the client behind it.
    public func writeFile(_ path: String, _ content: [UInt8]) async throws {
        note(content.count, started: true)
        defer { note(0, started: false) }
        try await perform(.writeFile(path, size: content.count)) { fault in
            try await self.client.writeFile(path, Self.change(content, fault))
        }
    }

    /// As of the client behind it.
    public func readFile(_ path: String) async throws -> [UInt8] {
        note(0, started: true)
        defer { note(0, started: false) }
        let content = try await perform(.readFile(path)) { Self.change(try await self.client.readFile(path), $0) }
        state.withLock { state.state.largest = max(state.state.largest, content.count) }
        return content
    }

    /// As of the client behind it.
    public func list(_ path: String) async throws -> [String] {
        try await perform(.list(path)) { _ in try await self.client.list(path) }
    }

    /// As of the client behind it.
    public func remove(_ path: String) async throws {
        try await perform(.remove(path)) { _ in try await self.client.remove(path) }
    }

    /// As of the client behind it.
    public func run(_ command: String, timeout: Duration) async throws -> PlainResult {
        try await perform(.run(command, timeout: timeout)) { fault in
            var result = try await self.client.run(command, timeout: timeout)
            result.output = Self.change(result.output, fault)
            return result
        }
    }

    private func note(_ size: Int, started: Bool) {
        state.withLock {
            state.state.pieces += started ? 1 : -1
            state.state.mostPieces = max(state.state.mostPieces, state.state.pieces)
            state.state.largest = max(state.state.largest, size)
        }
    }

    private func perform<Value>(_ call: Call, _ body: (Fault?) async throws -> Value) async throws -> Value {
        let number = state.withLock { () -> Int in
            state.state.calls.append(call)
            return state.state.calls.count - 1
        }
        let fault = choose(call, number)
        switch fault {
        case .fails(let code): throw PlainClientError(code, "a fault on purpose")
        case .hangs: try await Task.sleep(for: .seconds(3_600))
        default: break
        }
        let value = try await body(fault)
        if case .losesReply(let code) = fault { throw PlainClientError(code, "a fault on purpose") }
        return value
    }

    private static func change(_ content: [UInt8], _ fault: Fault?) -> [UInt8] {
        switch fault {
        case .truncates(let count): Array(content.dropLast(count))
        case .doubles: content + content
        default: content
        }
    }
}
