import Glibc

/// What went wrong, in words for the person who runs the benchmark.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The failure of a system call, from `errno` as the call left it.
    static func call(_ name: String, _ path: String = "", code: Int32 = errno) -> BenchError {
        let reason = unsafe String(cString: strerror(code))
        return BenchError(path.isEmpty ? "\(name): \(reason)" : "\(name) \(path): \(reason)")
    }
}

/// Throws the failure of `name` when a system call returned a negative value.
@discardableResult
func check(_ result: Int32, _ name: String, _ path: String = "") throws -> Int32 {
    guard result >= 0 else { throw BenchError.call(name, path) }
    return result
}
