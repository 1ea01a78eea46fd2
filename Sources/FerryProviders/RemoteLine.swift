import FerryCore
import FerryTransport

/// The command line that `ssh` hands to the login shell over there, and what comes back.
enum RemoteLine {
    /// Printed on standard error when the command's own exit status is the one that `ssh` uses for its own failures.
    ///
    /// A sandbox that prints it without reason only makes its own failure look like its own.
    private static let mark = Array("ferry: the command itself ended with 255\n".utf8)

    /// The status that `ssh` uses for its own failures.
    static let ownFailure: Int32 = 255

    /// A line that runs a script whatever the login shell is: one program and quoted words, nothing that a csh or a fish reads otherwise.
    ///
    /// A shell stands above the script, so that a script that a signal ends still has a status: `ssh` would report its own failure.
    static func line(for script: [UInt8]) -> [UInt8] {
        let guardian =
            #"sh -c "$0"; s=$?; [ $s -ne 255 ] || echo "ferry: the command itself ended with 255" >&2; exit $s"#
        return Array("exec sh -c ".utf8) + ShellText.quoted(guardian.utf8) + [0x20] + ShellText.quoted(script)
    }

    /// Whether the status 255 is the command's own; then the mark is taken out of what it said.
    static func takeMark(from errorTail: inout [UInt8]) -> Bool {
        guard let range = errorTail.lastRange(of: mark) else { return false }
        errorTail.removeSubrange(range)
        return true
    }
}

extension [UInt8] {
    /// Where some bytes come last.
    fileprivate func lastRange(of bytes: [UInt8]) -> Range<Int>? {
        guard count >= bytes.count else { return nil }
        for start in stride(from: count - bytes.count, through: 0, by: -1)
        where self[start..<(start + bytes.count)].elementsEqual(bytes) {
            return start..<(start + bytes.count)
        }
        return nil
    }
}
