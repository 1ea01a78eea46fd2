package import FerryRuntime
package import FerryTesting
package import FerryTransport

/// A sandbox in which the trials of managed runtimes are run.
package struct RuntimePlace: Sendable {
    /// The way there.
    package let transport: RuntimeTransport
    /// A directory over there, which is not made yet.
    package let directory: String
    /// Runs a script over there, as an agent does, and tells what it printed.
    package let run: @Sendable (String) throws -> String
    /// What is below a path over there.
    package let read: @Sendable (String) throws -> Tree

    /// Describes a sandbox.
    ///
    /// - Parameters:
    ///   - transport: The way there.
    ///   - directory: A directory over there, which is not made yet.
    ///   - run: Runs a script over there.
    ///   - read: What is below a path over there.
    package init(
        transport: RuntimeTransport, directory: String, run: @escaping @Sendable (String) throws -> String,
        read: @escaping @Sendable (String) throws -> Tree
    ) {
        self.transport = transport
        self.directory = directory
        self.run = run
        self.read = read
    }

    /// A sandbox whose files this machine sees below a prefix.
    ///
    /// - Parameters:
    ///   - sandbox: The sandbox.
    ///   - directory: A directory over there, which is not made yet.
    ///   - prefix: Where the sandbox's root is on this machine.
    /// - Returns: The place.
    package static func sandbox(_ sandbox: any Sandbox, directory: String, root prefix: String = "") -> RuntimePlace {
        RuntimePlace(transport: .sandbox(sandbox), directory: directory) { script in
            var command = SandboxCommand(Array(script.utf8), purpose: "the agent")
            command.deadline = .seconds(60)
            return String(decoding: try sandbox.run(command, outputLimit: 1 << 20).output, as: UTF8.self)
        } read: { path in
            try Tree(reading: Array((prefix + path).utf8))
        }
    }
}
