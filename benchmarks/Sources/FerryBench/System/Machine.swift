import Glibc

/// What the figures were measured on.
struct Machine: Codable, Sendable {
    var processor: String
    var cores: Int
    var memoryMiB: Int
    var kernel: String
    /// The distribution's name and version; nil in reports of earlier days.
    var system: String?
    /// Type and options of the file system that holds the source trees.
    var fileSystem: String

    /// Looks at this machine.
    static func current(sources: String) -> Machine {
        let processors = (try? Files.read("/proc/cpuinfo")) ?? ""
        let memory = (try? Files.read("/proc/meminfo")) ?? ""
        let release = (try? Files.read("/proc/sys/kernel/osrelease")) ?? "unknown"
        return Machine(
            processor: field("model name", in: processors) ?? field("Model", in: processors) ?? "unknown",
            cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            memoryMiB: (field("MemTotal", in: memory)?.split(separator: " ").first.flatMap { Int($0) } ?? 0) / 1024,
            kernel: release.split(separator: "\n").first.map(String.init) ?? "unknown",
            system: distribution(), fileSystem: fileSystem(of: sources))
    }

    private static func distribution() -> String? {
        let release = (try? Files.read("/etc/os-release")) ?? ""
        let key = "PRETTY_NAME="
        let line = release.split(separator: "\n").first { $0.hasPrefix(key) }
        return line.map { $0.dropFirst(key.count).filter { $0 != "\"" } }
    }

    private static func field(_ name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return nil
    }

    /// The mount with the longest mount point that `path` lies below.
    private static func fileSystem(of path: String) -> String {
        var best = (length: -1, text: "unknown")
        for line in ((try? Files.read("/proc/self/mounts")) ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3 else { continue }
            let point = fields[1] == "/" ? "" : String(fields[1])
            if path == point || path.hasPrefix(point + "/"), point.utf8.count >= best.length {
                let device = fields[0].hasPrefix("/dev/loop") ? " on a loop device" : ""
                best = (point.utf8.count, "\(fields[2])\(device) (\(fields[3]))")
            }
        }
        return best.text
    }
}
