/// Where Ferry keeps what it has to remember.
enum StateDirectory {
    /// The path by the option, `FERRY_STATE_DIR`, `XDG_STATE_HOME` or `HOME`, in this order; nil when there is none of them.
    ///
    /// - Parameters:
    ///   - given: The value of `--state-dir`.
    ///   - environment: Looks up a variable.
    /// - Returns: The path.
    static func path(
        given: [UInt8]?, environment: (String) -> [UInt8]? = ProcessInput.environment
    ) -> [UInt8]? {
        if let given, !given.isEmpty { return given }
        if let own = environment("FERRY_STATE_DIR") { return own }
        // The XDG specification says that a relative path there is to be ignored.
        if let base = environment("XDG_STATE_HOME"), base.first == UInt8(ascii: "/") { return base + "/ferry".utf8 }
        if let home = environment("HOME") { return home + "/.local/state/ferry".utf8 }
        return nil
    }
}
