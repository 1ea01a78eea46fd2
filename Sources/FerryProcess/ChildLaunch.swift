import CFerryShims
import Glibc
import SystemPackage

/// What to run as a child process.
///
/// `posix_spawn` and not a library above it, for three reasons. The pipes' waits are made by plain threads that must go on while
/// every thread of the cooperative pool is blocked, and a library that is driven by tasks cannot promise that. A group may be
/// signalled only while its leader's number is taken, so whoever signals has to be the one who reaps. And the time between a
/// request to stop and a dead process is bounded by one thread here, not by the scheduling of tasks.
package struct ChildLaunch: Sendable {
    /// The program, looked for in `PATH`, and its arguments.
    package var arguments: [[UInt8]]
    /// The environment as `NAME=VALUE`; nil: this process's.
    package var environment: [[UInt8]]?
    /// Whether it leads a process group of its own, so that all it starts can be stopped with it.
    ///
    /// A program that may ask on the terminal must stay in this process's group: the kernel stops background groups that read there.
    package var leadsGroup = true
    /// Whether what is left of its group is killed when it has ended.
    package var endsGroup = true
    /// How long it may run; nil: for ever.
    package var deadline: Duration?
    /// How long neither side may send anything while the other waits; nil: for ever.
    package var idleTimeout: Duration?
    /// The most bytes of its standard error to keep.
    package var errorLimit = 4_000

    /// Describes a child process.
    ///
    /// - Parameter arguments: The program and its arguments; no NUL in any of them.
    package init(_ arguments: [[UInt8]]) { self.arguments = arguments }

    /// Starts it.
    func spawn(input: Descriptor, output: Descriptor, errors: Descriptor) throws(ProcessError) -> Int32 {
        var child: Int32 = -1
        let status = unsafe Self.withVector(arguments) { arguments in
            guard let environment else {
                return unsafe ferry_spawn(
                    arguments, nil, input.number, output.number, errors.number, leadsGroup ? 1 : 0, &child)
            }
            return unsafe Self.withVector(environment) { environment in
                unsafe ferry_spawn(
                    arguments, environment, input.number, output.number, errors.number, leadsGroup ? 1 : 0, &child)
            }
        }
        guard status == 0 else {
            let errno = Errno(rawValue: status)
            switch status {
            case ENOENT, EACCES, ENOTDIR, ENOEXEC: throw .noProgram(errno)
            default: throw .system(call: "posix_spawn", errno)
            }
        }
        return child
    }

    /// Lends strings in the form that `exec` takes.
    private static func withVector(
        _ strings: [[UInt8]], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        let size = strings.reduce(0) { $0 + $1.count + 1 }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { characters in
            unsafe withUnsafeTemporaryAllocation(
                of: UnsafeMutablePointer<CChar>?.self, capacity: strings.count + 1
            ) { pointers in
                var offset = 0
                for (index, string) in strings.enumerated() {
                    unsafe pointers[index] = characters.baseAddress.map { unsafe $0 + offset }
                    for byte in string {
                        unsafe characters[offset] = CChar(bitPattern: byte)
                        offset += 1
                    }
                    unsafe characters[offset] = 0
                    offset += 1
                }
                unsafe pointers[strings.count] = nil
                guard let base = pointers.baseAddress else { return EINVAL }
                return unsafe body(base)
            }
        }
    }
}
