import FerryCore
import Glibc

/// A system call of the test library that failed.
public struct DiskError: Error, CustomStringConvertible {
    /// The call.
    public let call: String
    /// The path concerned.
    public let path: [UInt8]
    /// Why.
    public let code: Int32

    /// The call, the path and the reason.
    public var description: String {
        "\(call) '\(displayName(of: path))': \(unsafe String(cString: strerror(code)))"
    }
}

/// An open directory, independent of the engine's own handles: a test must not judge the code by itself.
final class DiskDirectory {
    let descriptor: Int32
    private let path: [UInt8]

    init(_ path: [UInt8]) throws(DiskError) {
        self.path = path
        descriptor = try Self.call("open", path) {
            unsafe withName(path) { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        }
    }

    private init(_ name: ArraySlice<UInt8>, in parent: DiskDirectory) throws(DiskError) {
        path = parent.path + [RelativePath.separator] + name
        descriptor = try Self.call("open", path) {
            unsafe withName(name) {
                unsafe openat(parent.descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
        }
    }

    deinit { close(descriptor) }

    func directory(_ name: ArraySlice<UInt8>) throws(DiskError) -> DiskDirectory {
        try DiskDirectory(name, in: self)
    }

    /// The directory that holds an entry, opened one component after the other.
    func parent(of entry: RelativePath) throws(DiskError) -> DiskDirectory {
        var directory = self
        for component in entry.components.dropLast() { directory = try directory.directory(component) }
        return directory
    }

    func names() throws(DiskError) -> [[UInt8]] {
        let copy = try call("open", []) { unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = unsafe fdopendir(copy) else { throw DiskError(call: "fdopendir", path: path, code: errno) }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { characters in
                    let bytes = unsafe UnsafeBufferPointer(start: characters, count: strnlen(characters, 256))
                    return unsafe bytes.map(UInt8.init(bitPattern:))
                }
            }
            if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
        }
        return names
    }

    func status(_ name: ArraySlice<UInt8>) throws(DiskError) -> stat {
        var buffer = stat()
        _ = try call("fstatat", name) {
            unsafe withName(name) { unsafe fstatat(descriptor, $0, &buffer, AT_SYMLINK_NOFOLLOW) }
        }
        return buffer
    }

    func linkTarget(_ name: ArraySlice<UInt8>) throws(DiskError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try call("readlinkat", name) {
            unsafe withName(name) { name in
                unsafe buffer.withUnsafeMutableBytes { bytes -> Int32 in
                    guard let base = bytes.baseAddress else { return -1 }
                    let target = unsafe base.assumingMemoryBound(to: CChar.self)
                    return unsafe Int32(readlinkat(descriptor, name, target, bytes.count))
                }
            }
        }
        return Array(buffer[..<Int(count)])
    }

    func content(_ name: ArraySlice<UInt8>) throws(DiskError) -> [UInt8] {
        let file = try call("open", name) {
            unsafe withName(name) { unsafe openat(descriptor, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        }
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try call("read", name) {
                unsafe buffer.withUnsafeMutableBytes { unsafe Int32(read(file, $0.baseAddress, $0.count)) }
            }
            if count == 0 { return content }
            content.append(contentsOf: buffer[..<Int(count)])
        }
    }

    func makeDirectory(_ name: ArraySlice<UInt8>) throws(DiskError) {
        _ = try call("mkdirat", name) { unsafe withName(name) { unsafe mkdirat(descriptor, $0, 0o700) } }
    }

    func makeFile(_ name: ArraySlice<UInt8>, _ content: [UInt8], hasHoles: Bool) throws(DiskError) {
        let file = try call("open", name) {
            unsafe withName(name) {
                unsafe openat(descriptor, $0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o600))
            }
        }
        defer { close(file) }
        _ = try call("ftruncate", name) { ftruncate(file, off_t(content.count)) }
        let block = hasHoles ? 4096 : 1 << 20
        var start = 0
        while start < content.count {
            let piece = content[start..<min(start + block, content.count)]
            if !hasHoles || piece.contains(where: { $0 != 0 }) {
                let written = try call("pwrite", name) {
                    unsafe piece.withUnsafeBytes { unsafe Int32(pwrite(file, $0.baseAddress, $0.count, off_t(start))) }
                }
                start += Int(written)
            } else {
                start += piece.count
            }
        }
    }

    func makeLink(_ name: ArraySlice<UInt8>, to target: [UInt8]) throws(DiskError) {
        _ = try call("symlinkat", name) {
            unsafe withName(name) { name in unsafe withName(target) { unsafe symlinkat($0, descriptor, name) } }
        }
    }

    func makeHardLink(
        _ name: ArraySlice<UInt8>, to target: ArraySlice<UInt8>, in holder: DiskDirectory
    ) throws(DiskError) {
        _ = try call("linkat", name) {
            unsafe withName(name) { name in
                unsafe withName(target) { unsafe linkat(holder.descriptor, $0, descriptor, name, 0) }
            }
        }
    }

    func makeFifo(_ name: ArraySlice<UInt8>) throws(DiskError) {
        _ = try call("mkfifoat", name) { unsafe withName(name) { unsafe mkfifoat(descriptor, $0, 0o600) } }
    }

    func setMode(_ name: ArraySlice<UInt8>, _ mode: UInt16) throws(DiskError) {
        _ = try call("fchmodat", name) { unsafe withName(name) { unsafe fchmodat(descriptor, $0, mode_t(mode), 0) } }
    }

    func setTime(_ name: ArraySlice<UInt8>, _ time: Timestamp) throws(DiskError) {
        let value = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        let times = [value, value]
        _ = try call("utimensat", name) {
            unsafe withName(name) { name in
                unsafe times.withUnsafeBufferPointer {
                    unsafe utimensat(descriptor, name, $0.baseAddress, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
    }

    func remove(_ name: ArraySlice<UInt8>, isDirectory: Bool) throws(DiskError) {
        _ = try call("unlinkat", name) {
            unsafe withName(name) { unsafe unlinkat(descriptor, $0, isDirectory ? AT_REMOVEDIR : 0) }
        }
    }

    /// Removes everything below, whatever its mode; as root or as its owner.
    func removeContent() {
        // Again as long as it helps: what was too deep has been moved up to here.
        var before: [[UInt8]] = []
        while let names = try? names(), !names.isEmpty, names != before {
            before = names
            removeContent(top: self, depth: 0)
        }
    }

    /// Every level costs a descriptor, so a directory far down is moved to the top first.
    private func removeContent(top: DiskDirectory, depth: Int) {
        for name in (try? names()) ?? [] {
            let name = name[...]
            guard let status = try? status(name), status.st_mode & S_IFMT == S_IFDIR else {
                try? remove(name, isDirectory: false)
                continue
            }
            try? setMode(name, 0o700)
            if depth == 100 {
                let raised = Array("raised-\(status.st_ino)".utf8)
                unsafe withName(name) { name in
                    unsafe withName(raised) { _ = unsafe renameat(descriptor, name, top.descriptor, $0) }
                }
                continue
            }
            (try? directory(name))?.removeContent(top: top, depth: depth + 1)
            try? remove(name, isDirectory: true)
        }
    }

    private func call(_ name: String, _ entry: ArraySlice<UInt8>, _ body: () -> Int32) throws(DiskError) -> Int32 {
        try Self.call(name, path + [RelativePath.separator] + entry, body)
    }

    private static func call(_ name: String, _ path: [UInt8], _ body: () -> Int32) throws(DiskError) -> Int32 {
        while true {
            let value = body()
            if value >= 0 { return value }
            if errno != EINTR { throw DiskError(call: name, path: path, code: errno) }
        }
    }
}

/// Runs a body with a C string of bytes.
func withName<Value>(_ bytes: some Sequence<UInt8>, _ body: (UnsafePointer<CChar>) -> Value) -> Value {
    let terminated = bytes.map(CChar.init(bitPattern:)) + [0]
    return unsafe terminated.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with a NUL is not empty") }
        return unsafe body(base)
    }
}
