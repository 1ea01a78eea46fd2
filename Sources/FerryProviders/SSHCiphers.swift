import FerryProcess
import SystemPackage

/// Which cipher `ssh` is to prefer.
///
/// Where the processor has instructions for AES, `aes128-gcm` carries 1.6 times as much a second as the cipher that ssh prefers by
/// itself, and the connection is what a push waits for. Only the order changes, and only where ssh's own order has the slower one
/// first: whoever put another one there has a reason.
enum SSHCiphers {
    private static let slow = Array("chacha20-poly1305@openssh.com".utf8)
    private static let fast = Array("aes128-gcm@openssh.com".utf8)
    private static let key = Array("ciphers ".utf8)
    /// How long `ssh -G`, which only reads its configuration, may take before nobody waits for it any more.
    private static let patience = Duration.seconds(2)

    /// Options that put the faster cipher first; none where ssh's own order is to stay.
    ///
    /// - Parameter arguments: How ssh is called.
    /// - Returns: The options.
    static func options(_ arguments: SSHArguments) -> [[UInt8]] {
        guard processorKnowsAES, let order = order(in: configuration(arguments)) else { return [] }
        return [Array("-o".utf8), Array("Ciphers=".utf8) + order]
    }

    /// The order to ask for.
    ///
    /// - Parameter configuration: What `ssh -G` printed.
    /// - Returns: The list; nil where nothing is to be changed.
    static func order(in configuration: [UInt8]) -> [UInt8]? {
        let lines = configuration.split(separator: UInt8(ascii: "\n"))
        guard let line = lines.first(where: { $0.starts(with: key) }) else { return nil }
        var names = line.dropFirst(key.count).split(separator: UInt8(ascii: ","))
        guard names.first?.elementsEqual(slow) == true, let place = names.firstIndex(where: { $0.elementsEqual(fast) })
        else { return nil }
        names.insert(names.remove(at: place), at: 0)
        return Array(names.joined(separator: [UInt8(ascii: ",")]))
    }

    /// Whether the kernel's description of a processor names the instructions.
    static func namesAES(_ description: [UInt8]) -> Bool {
        description.split(separator: UInt8(ascii: "\n")).contains { line in
            (line.starts(with: "flags".utf8) || line.starts(with: "Features".utf8))
                && line.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual("aes".utf8) }
        }
    }

    private static let processorKnowsAES: Bool = {
        // Whatever cannot be read leaves the order as it is.
        let description = try? Surroundings.content(of: Array("/proc/cpuinfo".utf8), limit: 16 << 20)
        return description.map(namesAES) ?? false
    }()

    /// The configuration as ssh itself understands it; empty where it does not say.
    private static func configuration(_ arguments: SSHArguments) -> [UInt8] {
        var launch = ChildLaunch(arguments.command([Array("-G".utf8)], line: nil))
        launch.deadline = patience
        var output: [UInt8] = []
        do throws(ProcessError) {
            let child = try ChildProcess(launch)
            child.closeInput()
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while output.count < 1 << 20 {
                var span = buffer.mutableSpan
                let count = try child.read(into: &span)
                guard count > 0 else { break }
                output += buffer[..<count]
            }
            return try child.wait().status == 0 ? output : []
        } catch {
            // Connecting tells what is wrong with it.
            return []
        }
    }
}
