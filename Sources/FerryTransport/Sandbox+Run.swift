extension Sandbox {
    /// Runs a short command to its end and takes its output.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - input: What its standard input gets; small, since it is sent before any output is read.
    ///   - outputLimit: The most bytes of output; more is ``TransportError/Code/malformed``.
    /// - Returns: The output and how it ended, which was with 0.
    /// - Throws: ``TransportError``; `commandFailed` for a status other than 0.
    public func run(
        _ command: SandboxCommand, input: [UInt8] = [], outputLimit: Int
    ) throws(TransportError) -> (output: [UInt8], exit: SandboxExit) {
        let process = try start(command)
        do throws(TransportError) {
            if !input.isEmpty {
                do throws(TransportError) {
                    try process.write(input.span)
                } catch  where error.code == .closedInput {
                    // It may know enough; its status says whether that is so.
                }
            }
            try process.closeInput()
            var output: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 32 << 10)
            while true {
                var span = buffer.mutableSpan
                let count = try process.read(into: &span)
                if count == 0 { break }
                output.append(contentsOf: buffer[..<count])
                guard output.count <= outputLimit else {
                    throw TransportError(
                        .malformed, sandbox: name, purpose: command.purpose,
                        reason: "it printed more than \(outputLimit) bytes")
                }
            }
            let exit = try process.wait()
            guard exit.status == 0 else {
                throw TransportError(
                    .commandFailed, sandbox: name, purpose: command.purpose, reason: "the command failed",
                    status: exit.status, errorTail: exit.errorTail)
            }
            return (output, exit)
        } catch {
            process.terminate()
            throw error
        }
    }
}
