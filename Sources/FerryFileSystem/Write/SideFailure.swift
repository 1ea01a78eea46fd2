import SystemPackage

/// Which side of a copy failed, and why.
enum SideFailure: Error {
    case source(Errno)
    case destination(Errno)
}

/// Runs a call on the source and says so when it fails.
func onSource<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(SideFailure) -> Value {
    do throws(Errno) { return try body() } catch { throw .source(error) }
}

/// Runs a call on the destination and says so when it fails.
func onDestination<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(SideFailure) -> Value {
    do throws(Errno) { return try body() } catch { throw .destination(error) }
}
