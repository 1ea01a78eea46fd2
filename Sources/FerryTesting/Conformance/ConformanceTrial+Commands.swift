import FerryCore
import FerryTransport

extension ConformanceTrial {
    /// Every byte that a word can hold, the awkward ones at both ends and doubled.
    private static var everyWordByte: [UInt8] {
        bytes("-n \n") + Array(1...UInt8.max) + bytes("''\\\\\"\"$(id)`id`\\0101\\c !! \n\n")
    }

    func quoting() throws {
        let word = Self.everyWordByte
        let (output, exit) = try run(command(Self.bytes("printf '%s' ") + ShellText.quoted(word)))
        try expect(exit.status == 0, "the status is \(exit.status): \(Self.show(exit.errorTail))")
        try expect(output == word, "\(Self.show(output)) came back for \(Self.show(word))")
    }

    func longCommand() throws {
        let room = min(sandbox.capabilities.longestCommand, 120 << 10) - 40
        let (output, _) = try run(
            command(
                Self.bytes("printf '%s' ") + ShellText.quoted([UInt8](repeating: 0x61, count: room))
                    + Self.bytes(" | wc -c")))
        let text = String(decoding: output, as: UTF8.self).filter(\.isNumber)
        try expect(text == String(room), "a word of \(room) bytes had \(text)")
    }

    func environment() throws {
        var command = command(
            #"printf '%s|' "$FERRY_A" "$FERRY_B" "$FERRY_C" "${FERRY_D-unset}" "$FERRY_E"; sh -c 'printf %s "$FERRY_A"'; cat"#
        )
        let values = [
            Self.everyWordByte, Self.bytes(" \t two  words \n"), Self.bytes("back\\slash \\n"), [],
            [UInt8](repeating: 0x78, count: 20_000),
        ]
        command.environment = zip("ABCDE", values).map { (Self.bytes("FERRY_\($0)"), $1) }
        let input = Self.bytes("the input\n")
        let (output, exit) = try run(command, input: input)
        let expected = values.flatMap { $0 + Self.bytes("|") } + values[0] + input
        try expect(exit.status == 0, "the status is \(exit.status): \(Self.show(exit.errorTail))")
        try expect(output == expected, "\(Self.show(output)) came for \(Self.show(expected))")
        let (later, _) = try run(#"printf '%s' "${FERRY_A-unset}""#)
        try expect(later == Self.bytes("unset"), "a variable outlived its command")
        command.environment = [(Self.bytes("A B"), [])]
        let (error, _) = try failure { () throws(TransportError) in _ = try sandbox.start(command) }
        try expect(error.code == .unsupported, "a variable named 'A B' failed with \(error)")
    }

    func refusedEnvironment() throws {
        var command = command("true")
        command.environment = [(Self.bytes("FERRY_A"), Self.bytes("secret"))]
        let (error, _) = try failure { () throws(TransportError) in _ = try sandbox.start(command) }
        try expect(error.code == .unsupported, "a variable failed with \(error)")
        try expect(!error.description.contains("secret"), "its value is told: \(error)")
    }

    func directory() throws {
        let (root, _) = try run("pwd")
        try expect(root == Self.bytes("/\n"), "a command starts in \(Self.show(root))")
        let number = UInt64.random(in: 0 ... .max)
        let path = Self.bytes("/tmp/ferry-\(number) it's $HOME\\n \n*-é")
        _ = try run(self.command(Self.bytes("mkdir -p ") + ShellText.quoted(path)))
        var command = command("pwd -P; echo .")
        command.directory = path
        let (output, _) = try run(command)
        _ = try run(self.command(Self.bytes("rm -rf ") + ShellText.quoted(path)))
        try expect(output.suffix(path.count + 3) == path + Self.bytes("\n.\n"), "it starts in \(Self.show(output))")
    }

    func missingDirectory() throws {
        var command = command("echo reached")
        command.directory = Self.bytes("/nonexistent/ferry")
        do {
            let (output, exit) = try run(command)
            try expect(output.isEmpty && exit.status != 0, "\(Self.show(output)), status \(exit.status)")
        } catch let error as TransportError {
            // A transport may notice it before the command starts.
            try expect(error.code == .commandFailed, "it failed with \(error)")
        }
    }

    func deadline(closesInput: Bool) throws {
        var command = command("echo x; sleep 60")
        command.deadline = .milliseconds(500)
        let process = try sandbox.start(command)
        if closesInput { try process.closeInput() }
        let (error, time) = try failure { () throws(TransportError) in _ = try Self.readAll(process) }
        try expect(error.code == .timedOut, "reading ended with \(error)")
        try expect(time < Self.promptly, "the deadline of 0.5 s ended it after \(time)")
        let (second, _) = try failure { () throws(TransportError) in _ = try process.wait() }
        try expect(second.code == .timedOut, "waiting ended with \(second)")
    }

    func idleTimeout() throws {
        var command = command("echo x; sleep 60")
        command.idleTimeout = .seconds(1)
        let process = try sandbox.start(command)
        let (error, time) = try failure { () throws(TransportError) in _ = try Self.readAll(process) }
        try expect(error.code == .timedOut, "reading ended with \(error)")
        try expect(time < Self.promptly, "1 s of silence ended it after \(time)")
        process.terminate()
        var steady = self.command("for i in 1 2 3; do sleep 1; echo $i; done")
        steady.idleTimeout = .seconds(20)
        let (output, exit) = try run(steady)
        try expect(output == Self.bytes("1\n2\n3\n") && exit.status == 0, "a command that is not silent was ended")
    }

    func wakeReader(closesInput: Bool) throws {
        let process = try sandbox.start(command("sleep 60"))
        if closesInput { try process.closeInput() }
        let stopper = try Background(named: "stopper") {
            Background.sleep(.milliseconds(300))
            process.terminate()
        }
        let (error, time) = try failure { () throws(TransportError) in _ = try Self.readAll(process) }
        _ = stopper.result()
        try expect(error.code == .cancelled, "reading ended with \(error)")
        try expect(time < Self.promptly, "it took \(time) to wake")
        let (second, _) = try failure { () throws(TransportError) in _ = try process.wait() }
        try expect(second.code == .cancelled, "waiting ended with \(second)")
    }

    func wakeWriter() throws {
        let process = try sandbox.start(command("sleep 60"))
        let stopper = try Background(named: "stopper") {
            Background.sleep(.milliseconds(500))
            process.terminate()
        }
        let block = [UInt8](repeating: 0x2E, count: 1 << 20)
        let (error, time) = try failure { () throws(TransportError) in
            for _ in 0..<1_024 { try process.write(block.span) }
        }
        _ = stopper.result()
        try expect(error.code == .cancelled, "writing ended with \(error)")
        try expect(time < Self.promptly, "it took \(time) to wake")
        _ = try? process.wait()
    }

    func parallel() throws {
        let count = min(4, sandbox.capabilities.concurrentCommands ?? 4)
        let workers = try (0..<count).map { number in
            try Background(named: "parallel") {
                for round in 0..<3 {
                    let text = Self.bytes("\(number) \(round)\n")
                    let (output, exit) = try run("cat; exit \(number)", input: text)
                    try expect(output == text, "\(Self.show(output)) came for \(Self.show(text))")
                    try expect(exit.status == Int32(number), "\(exit.status) came for exit \(number)")
                }
            }
        }
        for worker in workers { try worker.result().get() }
    }

    func nothingLeft() throws {
        let process = try sandbox.start(command("sleep 301 & echo $! $$; wait"))
        var line: [UInt8] = []
        while line.last != 0x0A {
            var buffer = [UInt8](repeating: 0, count: 100)
            var span = buffer.mutableSpan
            let count = try process.read(into: &span)
            try expect(count > 0, "the command ended at once")
            line += buffer[..<count]
        }
        process.terminate()
        _ = try? process.wait()
        let numbers = String(decoding: line, as: UTF8.self).split { !$0.isNumber }
        try expect(numbers.count == 2, "\(Self.show(line)) came")
        for number in numbers {
            var isAlive = true
            for _ in 0..<200 where isAlive {
                // What has ended and is not reaped, because the sandbox's first process does not, no longer runs.
                let (output, _) = try run(
                    "kill -0 \(number) 2>/dev/null || exit 0; read -r s </proc/\(number)/stat || exit 0;"
                        + " case $s in *') Z '*) ;; *) echo alive ;; esac")
                isAlive = !output.isEmpty
                if isAlive { Background.sleep(.milliseconds(100)) }
            }
            try expect(!isAlive, "process \(number) still runs in the sandbox")
        }
    }
}
