/// Names that belong to Ferry and the runtimes it prepares.
///
/// They are excluded both ways.
public enum ReservedNames {
    /// Where assets of managed runtimes live in a sandbox.
    public static let runtimeDirectories: [[UInt8]] = [Array(".ferry-runtime".utf8), Array(".paperclip-runtime".utf8)]

    /// What the names of Ferry's temporary entries begin with.
    public static let temporaryPrefix = Array(".ferry-tmp-".utf8)

    /// Whether an entry is reserved: a runtime directory at the root, or a temporary entry anywhere.
    ///
    /// - Parameters:
    ///   - path: The entry's path.
    ///   - nameStart: Where its name begins in the path.
    /// - Returns: True when it is neither sent nor fetched, replaced or deleted.
    public static func isReserved(_ path: [UInt8], nameStart: Int) -> Bool {
        guard path.count > nameStart, path[nameStart] == UInt8(ascii: ".") else { return false }
        let name = path[nameStart...]
        if name.starts(with: temporaryPrefix) { return true }
        return nameStart == 0 && runtimeDirectories.contains { $0.elementsEqual(name) }
    }
}
