import Foundation

/// Texts on record; `RECORD_SNAPSHOTS=1` in the environment writes them anew into the source directory.
enum Golden {
    /// The text on record under a name, after writing it when that is asked for.
    static func text(_ name: String, recording found: String) throws -> String {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)")
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try found.write(to: file, atomically: true, encoding: .utf8)
        }
        return try String(contentsOf: file, encoding: .utf8)
    }
}
