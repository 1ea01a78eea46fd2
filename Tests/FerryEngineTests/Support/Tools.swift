import TestSupport

/// What a program printed and how it ended.
struct ToolResult {
    var output: String
    var errors: String
    var status: Int32

    /// Whether it ended well and had nothing to remark.
    var isSilent: Bool { status == 0 && errors.isEmpty }
}

/// Runs a program that is somewhere on the path.
func run(_ program: String, _ arguments: [String], in directory: String? = nil) throws -> ToolResult {
    let result = try Tool.run(
        "/usr/bin/env", [program] + arguments, directory: directory, environment: ["LC_ALL": "C.UTF-8"])
    return ToolResult(output: result.text, errors: result.errors, status: result.status)
}

/// What rsync would still do to make one directory like another; empty when they are the same to it.
func rsyncDifferences(_ source: [UInt8], _ destination: [UInt8], flags: String = "-rlptHni") throws -> String {
    let (source, destination) = (String(decoding: source, as: UTF8.self), String(decoding: destination, as: UTF8.self))
    let result = try run(
        "rsync", [flags, "--checksum", "--delete", "--omit-dir-times", source + "/", destination + "/"])
    // The roots' own modes are nobody's business.
    let lines = result.output.split(separator: "\n").filter { !$0.hasSuffix(" ./") }
    return lines.joined(separator: "\n") + result.errors
}
