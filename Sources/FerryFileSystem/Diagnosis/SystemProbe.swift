import CFerryShims
import FerryCore
import Glibc
import SystemPackage

/// Looks at what Ferry needs of the system.
///
/// Each probe asks the system itself rather than guessing from version numbers.
package enum SystemProbe {
    package static func kernel() -> Finding {
        let release = (try? readFile("/proc/sys/kernel/osrelease")) ?? "unknown"
        return Finding("kernel", .ok, "Linux \(release)")
    }

    // MARK: The directory

    package static func features(in directory: [UInt8]) -> [Finding] {
        let name = displayName(of: directory)
        do {
            let root = try FileDescriptor.open(path(directory), .readOnly, options: [.directory, .closeOnExec])
            defer { try? root.close() }
            var findings = [space(in: directory), openBeneath(root)]
            let probeName = Array("/.ferry-tmp-doctor-\(getpid())".utf8)
            let probe = directory + probeName
            do throws(FileSystemError) {
                try RootDirectory.create(probe)
            } catch {
                return findings + [
                    Finding(
                        "directory", .failure, error.description,
                        advice: "give a directory that you may write to: ferry doctor DIR")
                ]
            }
            findings.insert(Finding("directory", .ok, "'\(name)' can be read and written"), at: 0)
            findings += probes(in: probe)
            removeDirectory(probe)
            return findings
        } catch {
            let reason = (error as? Errno)?.description ?? "\(error)"
            return [
                Finding(
                    "directory", .failure, "cannot open '\(name)': \(reason)",
                    advice: "give a directory that you may read: ferry doctor DIR")
            ]
        }
    }

    private static func space(in directory: [UInt8]) -> Finding {
        guard let root = try? RootDirectory.open(directory), let free = try? FreeSpace(on: root.handle) else {
            return Finding("free space", .warning, "the file system does not say")
        }
        let megabytes = free.bytes / 1_000_000
        let inodes = free.inodes.map { ", \($0) inodes" } ?? ""
        let isShort = megabytes < 100 || (free.inodes ?? .max) < 1000
        return Finding(
            "free space", isShort ? .warning : .ok, "\(megabytes) MB\(inodes)",
            advice: isShort ? "free some before you sync into this file system" : nil)
    }

    private static func openBeneath(_ root: FileDescriptor) -> Finding {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let resolve = UInt64(FERRY_RESOLVE_BENEATH | FERRY_RESOLVE_NO_SYMLINKS)
        // SAFETY: the literal is a C string for the time of the call.
        let opened = unsafe ferry_openat2(root.rawValue, ".", flags, 0, resolve)
        guard opened < 0 else {
            close(opened)
            return Finding("openat2", .ok, "paths are resolved beneath the root")
        }
        return Finding(
            "openat2", .failure, Errno(rawValue: errno).description,
            advice: "Linux 5.6 or newer is needed, and a container's seccomp filter must let openat2 through")
    }

    private static func probes(in directory: [UInt8]) -> [Finding] {
        let (first, second) = (directory + "/a".utf8, directory + "/b".utf8)
        defer { for name in [first, second] { removeFile(name) } }
        guard let source = try? create(first), let destination = try? create(second) else {
            return [
                Finding("files", .failure, "no file can be made there", advice: "check the quota and the free space")
            ]
        }
        defer { for file in [source, destination] { try? file.close() } }
        let block = [UInt8](repeating: 1, count: 4096)
        _ = try? source.writeAll(block)
        return [
            exchange(first, second), threadMask(), clone(source, destination), copyInKernel(source, destination),
        ]
    }

    private static func exchange(_ first: [UInt8], _ second: [UInt8]) -> Finding {
        let flags = UInt32(FERRY_RENAME_EXCHANGE)
        let status = unsafe withTerminated(first) { first in
            unsafe withTerminated(second) { second in unsafe ferry_renameat2(AT_FDCWD, first, AT_FDCWD, second, flags) }
        }
        if status == 0 { return Finding("renameat2", .ok, "files are exchanged atomically") }
        return Finding(
            "renameat2", .failure, "no exchange on this file system: \(Errno(rawValue: errno))",
            advice: "pull into a workspace on another file system, such as ext4, XFS, btrfs or tmpfs")
    }

    /// Changes the calling thread, which is the diagnosis's own and ends soon.
    private static func threadMask() -> Finding {
        if ferry_set_thread_umask(0o077) >= 0 {
            return Finding("unshare(CLONE_FS)", .ok, "each thread has its own file mode mask")
        }
        return Finding(
            "unshare(CLONE_FS)", .warning, "\(Errno(rawValue: errno)): modes are set one by one, which is slower",
            advice: "let the container's seccomp filter pass unshare(CLONE_FS)")
    }

    private static func clone(_ source: FileDescriptor, _ destination: FileDescriptor) -> Finding {
        let works = ferry_clone_file(destination.rawValue, source.rawValue) == 0
        return Finding(
            "reflink", .ok, works ? "copies share their blocks" : "not on this file system; content is copied")
    }

    private static func copyInKernel(_ source: FileDescriptor, _ destination: FileDescriptor) -> Finding {
        _ = try? source.seek(offset: 0, from: .start)
        if ferry_copy_file_range(source.rawValue, destination.rawValue, 4096) > 0 {
            return Finding("copy_file_range", .ok, "content is copied inside the kernel")
        }
        return Finding(
            "copy_file_range", .warning, "\(Errno(rawValue: errno)): content is copied through memory, which is slower")
    }

    // MARK: The surroundings

    package static func openFiles() -> Finding {
        var limit = rlimit()
        // SAFETY: the call fills the record that is lent to it.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return Finding("open files", .warning, "the limit is not known")
        }
        let isLow = limit.rlim_cur < 256
        let count = limit.rlim_cur > 1 << 40 ? "no limit" : "at most \(limit.rlim_cur)"
        return Finding(
            "open files", isLow ? .warning : .ok, count, advice: isLow ? "raise it: ulimit -n 1024" : nil)
    }

    package static func state(_ directory: [UInt8]?) -> Finding {
        guard let directory else {
            return Finding(
                "state directory", .warning, "none of FERRY_STATE_DIR, XDG_STATE_HOME and HOME is set",
                advice: "set one, or give --state-dir DIR")
        }
        let name = displayName(of: directory)
        if isAccessible(directory, W_OK | X_OK) { return Finding("state directory", .ok, "'\(name)'") }
        if errno != ENOENT {
            return Finding(
                "state directory", .failure, "'\(name)' cannot be written: \(Errno(rawValue: errno))",
                advice: "check its permissions, or give --state-dir DIR")
        }
        var above = directory
        while !isAccessible(above, F_OK), let slash = above.lastIndex(of: UInt8(ascii: "/")), slash > 0 {
            above.removeSubrange(slash...)
        }
        if isAccessible(above, W_OK | X_OK) {
            return Finding("state directory", .ok, "'\(name)', which is made when it is needed")
        }
        return Finding(
            "state directory", .failure, "'\(name)' does not exist and cannot be made",
            advice: "make it, or give --state-dir DIR")
    }

    package static func locale(_ name: String?) -> Finding {
        let setting = name.map { "'\($0)'" } ?? "none set"
        guard let before = unsafe ferry_enter_utf8_locale() else {
            return Finding(
                "locale", .warning, "\(setting); this system has no C.UTF-8",
                advice: "install it; names in archives that are not ASCII may not be read otherwise")
        }
        unsafe ferry_leave_utf8_locale(before)
        return Finding("locale", .ok, "\(setting); names are bytes and do not depend on it")
    }

    package static func tools(_ searchPath: [[UInt8]]) -> [Finding] {
        let purposes = [
            ("git", "--gitignore asks it for tracked files"), ("tar", "makes and reads archives beside ferry"),
            ("bsdtar", "makes and reads archives beside ferry"), ("rsync", "only for comparison"),
        ]
        return purposes.map { name, purpose in
            for directory in searchPath {
                let file = directory + "/".utf8 + name.utf8
                if isAccessible(file, X_OK) { return Finding(name, .ok, displayName(of: file)) }
            }
            let isUsed = name == "git"
            return Finding(
                name, isUsed ? .warning : .ok, "not found; \(purpose)", advice: isUsed ? "install git" : nil)
        }
    }

    // MARK: Calls

    private static func path(_ bytes: [UInt8]) -> FilePath {
        let terminated: [CInterop.PlatformChar] = bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
        return FilePath(platformString: terminated)
    }

    private static func create(_ name: [UInt8]) throws -> FileDescriptor {
        try FileDescriptor.open(
            path(name), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
    }

    private static func readFile(_ name: String) throws -> String {
        let file = try FileDescriptor.open(FilePath(name), .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        var buffer = [UInt8](repeating: 0, count: 256)
        // SAFETY: the call writes into the buffer only, and only while it runs.
        let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
        return displayName(of: buffer.prefix(count).filter { $0 != UInt8(ascii: "\n") })
    }

    private static func isAccessible(_ name: [UInt8], _ mode: Int32) -> Bool {
        unsafe withTerminated(name) { unsafe access($0, mode) } == 0
    }

    private static func removeFile(_ name: [UInt8]) { _ = unsafe withTerminated(name) { unsafe unlink($0) } }

    private static func removeDirectory(_ name: [UInt8]) { _ = unsafe withTerminated(name) { unsafe rmdir($0) } }

    private static func withTerminated(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        let terminated = name.map { CChar(bitPattern: $0) } + [0]
        // SAFETY: the array ends with a NUL and lives as long as the call.
        return unsafe terminated.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe body(base)
        }
    }
}
