import Glibc

/// What happens now, on standard error.
enum Progress {
    static func say(_ text: String) {
        let bytes = Array(("ferry-bench: " + text + "\n").utf8)
        _ = unsafe write(2, bytes, bytes.count)
    }
}
