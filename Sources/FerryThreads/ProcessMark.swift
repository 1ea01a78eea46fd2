import Glibc

/// Says in a name which process made something, so that another one can tell later whether that still runs.
package struct ProcessMark: Hashable, Sendable {
    /// Stands for one run of one system and its numbering of processes: elsewhere the same number is another process.
    package let system: String
    /// The number of the process.
    package let process: Int32
    /// When the process began, in the kernel's ticks since the system did.
    package let start: UInt64
    /// When the mark was made, in seconds since 1970.
    package let time: Int64

    package init(system: String, process: Int32, start: UInt64, time: Int64) {
        self.system = system
        self.process = process
        self.start = start
        self.time = time
    }

    /// A mark for this process, made now.
    package static func now() -> ProcessMark {
        let process = getpid()
        return ProcessMark(
            system: system, process: process, start: start(of: process) ?? 0, time: Int64(Glibc.time(nil)))
    }

    /// Lower-case letters, digits and hyphens.
    package var text: String { "\(system)-\(process)-\(start)-\(time)" }

    /// Takes the text of a mark, with or without more behind another hyphen.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 16, let process = Int32(parts[1]), process > 0,
            let start = UInt64(parts[2]), let time = Int64(parts[3])
        else { return nil }
        self.init(system: String(parts[0]), process: process, start: start, time: time)
    }

    /// Whether both are of one process.
    package func isOfSameProcess(as other: ProcessMark) -> Bool {
        (system, process, start) == (other.system, other.process, other.start)
    }

    /// Whether the process certainly runs no more; of one that runs elsewhere nothing is known, so only age counts.
    ///
    /// - Parameter age: How many seconds nobody elsewhere takes.
    /// - Returns: Whether what it made is left behind.
    package func isAbandoned(after age: Int64) -> Bool {
        guard system == Self.system else { return Int64(Glibc.time(nil)) - time > age }
        if let start = Self.start(of: process) { return start != self.start }
        return kill(process, 0) != 0 && errno == ESRCH
    }

    private static let system: String = {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var link = [CChar](repeating: 0, count: 64)
        let count = unsafe readlink("/proc/self/ns/pid", &link, link.count)
        let namespace = link.prefix(max(count, 0)).map(UInt8.init(bitPattern:))
        for byte in content(of: "/proc/sys/kernel/random/boot_id") + namespace {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }()

    /// The 22nd field of the process's status; nil when that cannot be read.
    private static func start(of process: Int32) -> UInt64? {
        let status = content(of: "/proc/\(process)/stat")
        // The second field is the program's name in parentheses, and may hold anything.
        guard let end = status.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = status[status.index(after: end)...].split(separator: 0x20)
        return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
    }

    private static func content(of path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return Array(bytes.prefix(max(count, 0)))
    }
}
