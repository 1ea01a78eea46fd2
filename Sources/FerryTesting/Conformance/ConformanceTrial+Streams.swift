import FerryTransport

extension ConformanceTrial {
    func echo(bytes count: Int) throws {
        // Bytes, and a length, in which a lost, doubled or exchanged block shows.
        var generator = SeededGenerator(seed: 4_711)
        let block = generator.bytes(1_048_573)
        let process = try sandbox.start(command("exec cat"))
        let feeder = try Background(named: "feeder") {
            var left = count
            while left > 0 {
                let size = min(left, block.count)
                try process.write(block.span.extracting(first: size))
                left -= size
            }
            try process.closeInput()
        }
        var received = 0
        var isEqual = true
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            var span = buffer.mutableSpan
            let taken = try process.read(into: &span)
            if taken == 0 { break }
            isEqual = isEqual && Self.matches(buffer[..<taken], block, from: received)
            received += taken
        }
        try feeder.result().get()
        let exit = try process.wait()
        try expect(received == count, "\(count) bytes went in and \(received) came out")
        try expect(isEqual, "what came out is not what went in")
        try expect(exit.status == 0, "the status is \(exit.status)")
    }

    private static func matches(_ bytes: ArraySlice<UInt8>, _ block: [UInt8], from offset: Int) -> Bool {
        var bytes = bytes
        var position = offset % block.count
        while !bytes.isEmpty {
            let size = min(bytes.count, block.count - position)
            guard bytes.prefix(size) == block[position..<(position + size)] else { return false }
            bytes = bytes.dropFirst(size)
            position = 0
        }
        return true
    }

    func everyByte() throws {
        let all = Array(UInt8.min...UInt8.max)
        let input = all + all.reversed() + [0, 0, 10, 13, 26, 4]
        let (output, _) = try run("cat", input: input)
        try expect(output == input, "\(Self.show(output)) came back")
    }

    func largeInput() throws {
        let size = min(32 << 20, sandbox.capabilities.largestInput ?? .max)
        let (output, exit) = try run("wc -c", input: [UInt8](repeating: 0x2E, count: size))
        let text = String(decoding: output, as: UTF8.self).filter(\.isNumber)
        try expect(text == String(size) && exit.status == 0, "of \(size) bytes \(text) arrived")
    }

    func largeOutput() throws {
        let (output, exit) = try run("dd if=/dev/zero bs=65536 count=512 2>/dev/null")
        try expect(output.count == 32 << 20, "of \(32 << 20) bytes \(output.count) came")
        try expect(exit.status == 0, "the status is \(exit.status)")
    }

    func endOfInput() throws {
        let (output, _) = try run("cat; echo end", input: Self.bytes("begin "))
        try expect(output == Self.bytes("begin end\n"), "\(Self.show(output)) came")
        let (nothing, _) = try run("cat; echo end")
        try expect(nothing == Self.bytes("end\n"), "with an empty input \(Self.show(nothing)) came")
    }

    func exitStatus() throws {
        for status: Int32 in [0, 1, 2, 7, 126, 127, 254, 255] {
            let (output, exit) = try run("echo x; exit \(status)")
            try expect(exit.status == status, "exit \(status) is told as \(exit.status)")
            try expect(output == Self.bytes("x\n"), "\(Self.show(output)) came before exit \(status)")
        }
    }

    func signalStatus() throws {
        let (_, exit) = try run("kill -TERM $$; sleep 1")
        try expect(exit.status == 143, "a command that SIGTERM ends has the status \(exit.status)")
    }

    func resultAgain() throws {
        let process = try sandbox.start(command("echo why >&2; exit 5"))
        let first = try process.wait()
        let second = try process.wait()
        try expect(first.status == 5 && first == second, "first \(first), then \(second)")
        process.terminate()
        try expect(try process.wait() == first, "asking to stop after the end changes the result")
    }

    func unreadOutput() throws {
        let process = try sandbox.start(command("dd if=/dev/zero bs=65536 count=128 2>/dev/null; exit 6"))
        let exit = try process.wait()
        try expect(exit.status == 6, "the status is \(exit.status)")
    }

    func errorTail() throws {
        let line = "line $i of what the command says on its standard error"
        let (output, exit) = try run(
            "i=0; while [ $i -lt 3000 ]; do echo \"\(line)\" >&2; i=$((i+1)); done; echo out; exit 9")
        var said: [UInt8] = []
        for number in 0..<3_000 { said += Self.bytes(line.replacing("$i", with: String(number)) + "\n") }
        try expect(output == Self.bytes("out\n") && exit.status == 9, "\(Self.show(output)), status \(exit.status)")
        try expect(
            exit.errorTail == said.suffix(SandboxExit.longestErrorTail),
            "\(exit.errorTail.count) bytes were kept: \(Self.show(exit.errorTail.suffix(150)))")
    }

    func closedInput() throws {
        let process = try sandbox.start(command("exit 3"))
        let block = [UInt8](repeating: 0x2E, count: 1 << 20)
        // What a slow way there still takes in is no failure; it must come to an end only.
        let (error, _) = try failure { () throws(TransportError) in
            for _ in 0..<256 { try process.write(block.span) }
        }
        try expect(error.code == .closedInput, "writing failed with \(error)")
        let exit = try process.wait()
        try expect(exit.status == 3, "the status is \(exit.status)")
    }
}
