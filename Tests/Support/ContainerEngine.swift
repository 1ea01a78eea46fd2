import Foundation

/// An engine of its own for tests: Docker or Podman, started in a directory of its own and removed with everything in it.
package final class ContainerEngine: Sendable {
    /// Which engine.
    package enum Kind: String, Sendable, CaseIterable {
        case docker
        case podman
    }

    /// Why an engine cannot be had on this machine.
    package struct Unavailable: Error, CustomStringConvertible {
        package let description: String
    }

    /// The image that has BusyBox and nothing else.
    package static let image = "localhost/ferry-busybox:latest"

    package let kind: Kind
    package let directory: String
    package let socket: String
    private let daemon: Int32

    private static let client = "/usr/bin/docker"

    /// Starts the engine and imports the image.
    ///
    /// - Throws: ``Unavailable`` when this machine cannot run it.
    package init(_ kind: Kind) throws {
        guard getuid() == 0 else { throw Unavailable(description: "only root can start it") }
        let program = kind == .docker ? "/usr/sbin/dockerd" : "/usr/bin/podman"
        for needed in [program, Self.client, "/usr/bin/busybox"]
        where !FileManager.default.isExecutableFile(atPath: needed) {
            throw Unavailable(description: "\(needed) is missing; run scripts/setup.sh --tests")
        }
        self.kind = kind
        // Short, because containerd's sockets lie below it.
        directory = "/tmp/ferry-\(kind.rawValue)-\(UUID().uuidString.prefix(6))"
        socket = directory + "/engine.sock"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        daemon = try Self.start(kind, program, in: directory, socket: socket)
        do {
            try importImage()
        } catch {
            stop()
            throw Unavailable(description: "it started, but cannot be used: \(error); its log:\n\(log)")
        }
    }

    /// The last lines that the daemon wrote.
    private var log: String {
        (try? Tool.run("/usr/bin/tail", ["-n", "15", directory + "/log"]).text) ?? ""
    }

    private static func start(_ kind: Kind, _ program: String, in directory: String, socket: String) throws -> Int32 {
        var arguments: [String]
        var environment: [String: String] = [:]
        switch kind {
        case .docker:
            arguments = [
                "--data-root", directory + "/data", "--exec-root", directory + "/run", "--pidfile", directory + "/pid",
                "-H", "unix://" + socket, "--storage-driver=vfs", "--iptables=false", "--ip6tables=false",
                "--bridge=none", "--ip-forward=false",
            ]
        case .podman:
            arguments = ["system", "service", "--time=0", "unix://" + socket]
            // Machines with mixed control groups and without the right to raise limits need all of these.
            let engine = """
                [containers]
                default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
                netns = "none"
                [engine]
                cgroup_manager = "cgroupfs"
                events_logger = "file"
                runtime = "runc"
                exit_command_delay = 1
                """
            let storage = """
                [storage]
                driver = "vfs"
                runroot = "\(directory)/run"
                graphroot = "\(directory)/graph"
                """
            try Data(engine.utf8).write(to: URL(fileURLWithPath: directory + "/containers.conf"))
            try Data(storage.utf8).write(to: URL(fileURLWithPath: directory + "/storage.conf"))
            environment = [
                "CONTAINERS_CONF": directory + "/containers.conf",
                "CONTAINERS_STORAGE_CONF": directory + "/storage.conf",
            ]
        }
        // The shell gives the daemon a session of its own and says its process id. Whatever else it inherited goes: whoever
        // waits for the shell waits for one of these to be closed.
        let words = arguments.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            for file in /proc/$$/fd/*; do n=${file##*/}; [ "$n" -le 2 ] || eval "exec $n>&-"; done
            setsid '\(program)' \(words) >'\(directory)/log' 2>&1 </dev/null & echo $!
            """
        let result = try Tool.run("/bin/bash", ["-c", script], environment: environment)
        guard let identifier = Int32(result.text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Unavailable(description: "it could not be started: \(result.errors)")
        }
        return identifier
    }

    private func importImage() throws {
        let end = Date.now.addingTimeInterval(30)
        while true {
            let answer = try client(["version"], expectSuccess: false)
            if answer.status == 0 { break }
            guard Date.now < end, kill(daemon, 0) == 0 else { throw Tool.Failure(result: answer) }
            usleep(50_000)
        }
        let root = directory + "/root"
        let script = """
            cd "$1" && mkdir -p bin etc proc dev sys tmp ws && cp /usr/bin/busybox bin/busybox && chmod 1777 tmp &&
            printf 'root:x:0:0:root:/:/bin/sh\\nagent:x:1000:1000:agent:/ws:/bin/sh\\n' >etc/passwd &&
            for name in $(bin/busybox --list); do [ "$name" = busybox ] || ln -sf busybox "bin/$name"; done
            """
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for (program, arguments) in [
            ("/bin/sh", ["-ec", script, "sh", root]), ("/bin/tar", ["-C", root, "-cf", directory + "/root.tar", "."]),
        ] {
            let result = try Tool.run(program, arguments)
            guard result.status == 0 else { throw Tool.Failure(result: result) }
        }
        try client(["import", directory + "/root.tar", Self.image])
        // An engine that answers may still be unable to run anything.
        try container("probe", start: true)
        try client(["exec", "probe", "/bin/true"])
        try client(["rm", "-f", "probe"])
    }

    /// Runs Docker's own client, which both engines understand.
    @discardableResult
    package func client(_ arguments: [String], expectSuccess: Bool = true) throws -> Tool.Result {
        let result = try Tool.run(
            Self.client, ["-H", "unix://" + socket] + arguments, environment: ["DOCKER_CONFIG": directory + "/client"])
        guard result.status == 0 || !expectSuccess else { throw Tool.Failure(result: result) }
        return result
    }

    /// Makes a container that sleeps.
    package func container(_ name: String, start: Bool, options: [String] = []) throws {
        try client(["create", "--name", name, "--network", "none"] + options + [Self.image, "/bin/sleep", "3600"])
        if start { try client(["start", name]) }
    }

    /// Ends all containers and the engine, and removes its files.
    package func stop() {
        let names =
            (try? client(["ps", "-aq"], expectSuccess: false).text.split(separator: "\n").map(String.init)) ?? []
        if !names.isEmpty { _ = try? client(["rm", "-f"] + names, expectSuccess: false) }
        kill(daemon, SIGTERM)
        for _ in 0..<200 where kill(daemon, 0) == 0 { usleep(50_000) }
        if kill(daemon, 0) == 0 { kill(daemon, SIGKILL) }
        let script = "grep -o ' \(directory)/[^ ]*' /proc/mounts | sort -r | xargs -r umount -l; rm -rf '\(directory)'"
        _ = try? Tool.run("/bin/sh", ["-c", script])
    }
}
