import Glibc

/// The programs of the machine: where they are, what version they have, and small jobs that they do untimed.
enum Tools {
    /// The Debian package that brings each peer, for the report of a missing one.
    static let packages = [
        "tar": "tar", "bsdtar": "libarchive-tools", "rsync": "rsync", "cp": "coreutils", "find": "findutils",
        "strace": "strace", "mkfs.ext4": "e2fsprogs", "sshd": "openssh-server", "ssh": "openssh-client",
        "python3": "python3", "zstd": "zstd", "git": "git", "unison": "unison", "rclone": "rclone", "casync": "casync",
    ]

    /// The full path of a program, or nil when the machine does not have it.
    static func find(_ name: String) -> String? {
        if name.contains("/") { return unsafe access(name, X_OK) == 0 ? name : nil }
        let path = variable("PATH") ?? "/usr/bin:/bin"
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return folders.map { $0 + "/" + name }.first { unsafe access($0, X_OK) == 0 }
    }

    /// The first line of what a program says about its version, or nil when it is absent.
    static func version(of name: String, scratch: String) -> String? {
        guard let path = find(name) else { return nil }
        let file = scratch + "/version"
        let flags = ["mkfs.ext4": "-V", "strace": "-V", "ssh": "-V", "sshd": "-V", "unison": "-version"]
        var pipeline = Pipeline([path, flags[name] ?? "--version"])
        pipeline.output = file
        let launcher = Launcher(environment: environment(), diagnostics: file + ".err", deadline: 30)
        guard (try? launcher.run(pipeline)) != nil else { return nil }
        // mke2fs and ssh say their version on standard error; Debian 12's sshd says it with a complaint.
        let said = ((try? Files.read(file)) ?? "") + ((try? Files.read(file + ".err")) ?? "")
        return said.split(separator: "\n").first.map(String.init)
    }

    /// Runs a program of the harness's own, outside every timed region.
    ///
    /// - Throws: when it cannot be started or does not exit with zero; with its last words.
    static func run(_ arguments: [String], scratch: String, input: String? = nil, output: String? = nil) throws {
        guard let path = find(arguments[0]) else { throw BenchError("\(arguments[0]) is not installed") }
        var pipeline = Pipeline([path] + arguments.dropFirst(), input: input)
        pipeline.output = output
        let launcher = Launcher(environment: environment(), diagnostics: scratch + "/tool.err")
        let outcome = try launcher.run(pipeline)
        guard outcome.succeeded else { throw BenchError("\(pipeline.text): \(launcher.lastWords())") }
    }

    /// Deletes a directory and all below it; what cannot be deleted stays.
    static func removeTree(_ path: String) {
        var pid: pid_t = 0
        let code = try? unsafe withCStrings(["rm", "-rf", "--one-file-system", "--", path]) { arguments in
            unsafe posix_spawnp(&pid, "rm", nil, nil, arguments, environ)
        }
        guard code == 0 else { return }
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    /// A program of this package's own, one of those that stand in for what cannot be installed.
    static func peer(_ name: String) -> String {
        (variable("FERRY_BENCH_PEERS") ?? "benchmarks/peers") + "/" + name
    }

    /// The program of raw system calls that is built beside this one.
    static let floor: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/ferry-floor"
    }()

    /// The value of an environment variable.
    static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// An environment without the user's settings.
    ///
    /// - Parameter home: where programs find and leave their own state, in place of the user's home directory.
    /// - Returns: `NAME=value` strings.
    static func environment(home: String = "/nonexistent") -> [String] {
        [
            "PATH=" + (variable("PATH") ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin", "LC_ALL=C", "TZ=UTC", "NO_COLOR=1",
            "HOME=" + home, "XDG_CONFIG_HOME=\(home)/config", "XDG_STATE_HOME=\(home)/state",
            "XDG_CACHE_HOME=\(home)/cache", "XDG_DATA_HOME=\(home)/data", "FERRY_STATE_DIR=\(home)/ferry-state",
        ]
    }
}
