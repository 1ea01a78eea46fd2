import FerryCore
import FerryTransport

/// Refuses a push into several destinations that would get into each other's way.
enum DestinationCheck {
    /// Checks; what is wrong with one of them alone is left to its own push to tell.
    static func check(_ destinations: [Endpoint]) throws(SyncError) {
        guard !destinations.isEmpty else { throw SyncError(.usage, "no destination was named") }
        var seen: [(key: [UInt8], text: [UInt8], isLocal: Bool)] = []
        for destination in destinations {
            let isLocal = destination.isLocal
            // Without a key it cannot be reached, and its own push says why.
            guard let key = try? key(of: destination) else { continue }
            for other in seen where other.isLocal == isLocal {
                try check(key, destination.text, other.key, other.text, isLocal: isLocal)
            }
            seen.append((key, destination.text, isLocal))
        }
    }

    private static func check(
        _ key: [UInt8], _ text: [UInt8], _ otherKey: [UInt8], _ otherText: [UInt8], isLocal: Bool
    ) throws(SyncError) {
        let (name, other) = (displayName(of: text), displayName(of: otherText))
        if key == otherKey {
            let what = text == otherText ? "'\(name)' is named twice" : "'\(other)' and '\(name)' are the same"
            throw SyncError(.usage, "\(what); nothing was changed: name each destination once")
        }
        guard isLocal else { return }
        func isInside(_ inner: [UInt8], _ outer: [UInt8]) -> Bool {
            inner.starts(with: outer.last == RelativePath.separator ? outer : outer + [RelativePath.separator])
        }
        let isFirstInner = isInside(key, otherKey)
        guard isFirstInner || isInside(otherKey, key) else { return }
        throw SyncError(
            .usage,
            isFirstInner
                ? "'\(name)' lies inside '\(other)'; nothing was changed: push into them one after the other"
                : "'\(other)' lies inside '\(name)'; nothing was changed: push into them one after the other")
    }

    /// What the lock of a destination is named by, or would be.
    private static func key(of destination: Endpoint) throws(SyncError) -> [UInt8] {
        switch destination {
        case .sandbox(let endpoint): endpoint.target
        case .standardStream: destination.text
        case .archive(let path): try SyncLocks.key(of: nil, at: path)
        case .directory(let path): try SyncLocks.key(of: DirectoryEndpoints.openDestination(path), at: path)
        }
    }
}

extension Endpoint {
    /// Whether it is a path of this machine.
    fileprivate var isLocal: Bool {
        switch self {
        case .directory, .archive: true
        case .sandbox, .standardStream: false
        }
    }
}
