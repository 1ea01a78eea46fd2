package import Foundation
import Glibc

/// A root directory with nothing but BusyBox in it, to run commands in; gone with the last reference.
package final class BusyBoxRoot {
    /// A machine on which there can be none.
    package struct Unavailable: Error, CustomStringConvertible {
        package let description: String
    }

    package let directory: URL
    /// What goes before `sh -c SCRIPT`.
    package let prefix: [String]
    /// The environment over there.
    package let environment = ["PATH=/bin", "HOME=/root"]

    /// Makes the root.
    package init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("ferry-busybox-\(UUID().uuidString)")
        for name in ["bin", "tmp", "dev", "root", "work"] {
            try FileManager.default.createDirectory(
                at: directory.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        let enter = geteuid() == 0 ? ["/usr/sbin/chroot"] : ["/usr/bin/unshare", "-r", "/usr/sbin/chroot"]
        prefix = enter + [directory.path]
        guard FileManager.default.isExecutableFile(atPath: "/bin/busybox") else {
            throw Unavailable(description: "/bin/busybox is missing: scripts/setup.sh --tests installs it")
        }
        try FileManager.default.copyItem(
            atPath: "/bin/busybox", toPath: directory.appendingPathComponent("bin/busybox").path)
        let devices = """
            mknod -m 666 "$1/dev/null" c 1 3 && mknod -m 666 "$1/dev/zero" c 1 5 || : >"$1/dev/null"
            exec \(enter.joined(separator: " ")) "$1" /bin/busybox --install -s /bin
            """
        let made = try Tool.run("/bin/sh", ["-c", devices, "sh", directory.path])
        guard made.status == 0 else {
            throw Unavailable(description: "there can be no root with BusyBox here: \(made.errors)")
        }
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Whether it has /dev/zero, for which only root can make the node.
    package var hasDevices: Bool {
        (try? FileManager.default.attributesOfItem(atPath: directory.path + "/dev/zero")) != nil
    }
}
