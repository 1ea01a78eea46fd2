/// What passed between a program and the shells that it ran in the sandbox.
struct Wire: Codable, Sendable {
    /// How many commands were run.
    var commands = 0
    /// Bytes to the commands.
    var bytesThere = 0
    /// Bytes from them.
    var bytesBack = 0
    /// How many times something came back after a command's start or after something was sent; its end comes back, too.
    var roundTrips = 0

    var bytes: Int { bytesThere + bytesBack }

    /// Reads what `peers/wire.py` noted: a line for each command.
    ///
    /// - Parameter log: The file's text.
    /// - Throws: When it has no line, or one that is not three numbers.
    init(log: String) throws {
        for line in log.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 3 else { throw BenchError("what passed is not told in three numbers: \(line)") }
            commands += 1
            bytesThere += numbers[0]
            bytesBack += numbers[1]
            roundTrips += numbers[2]
        }
        guard commands > 0 else { throw BenchError("no command passed the program that counts") }
    }

    /// The program that runs a command and notes what passes.
    static func counting(_ command: [String], into log: String) -> [String] {
        ["python3", Tools.peer("wire.py"), log] + command
    }
}
