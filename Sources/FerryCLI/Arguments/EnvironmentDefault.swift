import FerryCore

/// Variables of the environment that stand for arguments that were not given.
enum EnvironmentDefault {
    /// The argument, or what a variable says; nil when there is neither.
    ///
    /// - Parameters:
    ///   - name: The variable.
    ///   - argument: What the command line says.
    ///   - read: Understands its value; nil for one that makes no sense.
    /// - Returns: The value.
    /// - Throws: What is wrong with it.
    static func value<Value>(
        _ name: String, for argument: Value?, _ read: (String) -> Value?
    ) throws(CommandFailure) -> Value? {
        if let argument { return argument }
        guard let bytes = ProcessInput.environment(name) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let value = read(text) else {
            throw CommandFailure(
                .usage, "the variable \(name) is '\(displayName(of: bytes))', which makes no sense; change or unset it")
        }
        return value
    }

    /// A number of seconds.
    static func seconds(_ name: String, for argument: Double?) throws(CommandFailure) -> Double? {
        try value(name, for: argument) { text in Double(text).flatMap { $0 >= 0 && $0 < 1e9 ? $0 : nil } }
    }
}
