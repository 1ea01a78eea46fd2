/// Permission bits as people write them.
public enum PermissionText {
    /// Four octal digits, as `stat` and `chmod` have them.
    ///
    /// - Parameter mode: The bits.
    /// - Returns: For example `0755`.
    public static func octal(_ mode: UInt16) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
