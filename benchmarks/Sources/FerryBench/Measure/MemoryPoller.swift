import Glibc

/// The peak of a program's anonymous memory, polled from `/proc` while it runs.
///
/// Anonymous memory is what the program itself asked for: file-mapped pages, which the kernel can drop at any time, are
/// not in it. A peak shorter than the time between two polls can be missed; the kernel's own peak of resident memory
/// is reported beside it.
struct MemoryPoller {
    /// The highest sum seen over one stage and its descendants, in KiB.
    private(set) var peakAnonymousKiB = 0
    /// The highest VmHWM, the kernel's own peak of resident memory, seen of any one process, in KiB.
    private(set) var peakResidentKiB = 0

    /// Reads the memory of stages once, each with its descendants, and keeps the largest.
    mutating func poll(_ stages: [pid_t]) {
        for stage in stages {
            var anonymous = 0
            for pid in family(of: stage) {
                guard let status = try? Files.read("/proc/\(pid)/status") else { continue }
                anonymous += Self.field("RssAnon:", of: status)
                peakResidentKiB = max(peakResidentKiB, Self.field("VmHWM:", of: status))
            }
            peakAnonymousKiB = max(peakAnonymousKiB, anonymous)
        }
    }

    private func family(of pid: pid_t) -> [pid_t] {
        var family = [pid]
        var index = 0
        while index < family.count {
            let path = "/proc/\(family[index])/task/\(family[index])/children"
            let children = (try? Files.read(path)) ?? ""
            family += children.split(separator: " ").compactMap { pid_t($0) }
            index += 1
        }
        return family
    }

    private static func field(_ name: String, of status: String) -> Int {
        for line in status.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return 0
    }
}
