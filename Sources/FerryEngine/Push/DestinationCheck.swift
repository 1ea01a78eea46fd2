import FerryCore
import FerryFileSystem
import FerryTransport

/// Refuses a push into several destinations that would get into each other's way.
enum DestinationCheck {
    /// Checks; what is wrong with one of them alone is left to its own push to tell.
    static func check(_ destinations: [Endpoint]) throws(SyncError) {
        guard !destinations.isEmpty else { throw SyncError(.usage, "no destination was named") }
        var seen: [(key: [UInt8], text: [UInt8], isLocal: Bool)] = []
        for destination in destinations {
            let isLocal = destination.isLocal
            // Without a key it cannot be used, and its own push says why.
            guard let key = key(of: destination) else { continue }
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

    /// What names a destination, whatever links its path goes through; nil for one that cannot be used.
    private static func key(of destination: Endpoint) -> [UInt8]? {
        switch destination {
        case .sandbox(let endpoint): endpoint.target
        case .standardStream: destination.text
        case .archive(let path): realPath(path, isFile: true)
        case .directory(let path): realPath(path, isFile: false)
        }
    }

    /// The real path of what is there or still to be made, directories above it included: another push may make those meanwhile.
    private static func realPath(_ path: [UInt8], isFile: Bool) -> [UInt8]? {
        let separator = RelativePath.separator
        var existing = path[...]
        var missing: [[UInt8]] = []
        var isFile = isFile
        while true {
            while existing.count > 1, existing.last == separator { existing.removeLast() }
            let directory: OpenDirectory?
            do throws(SyncError) {
                let place = existing.isEmpty ? Array(".".utf8) : Array(existing)
                directory = isFile ? nil : try DirectoryEndpoints.openDestination(place)
            } catch {
                return nil
            }
            if let directory {
                guard var real = try? RootDirectory.realPath(of: directory) else { return nil }
                for name in missing.reversed() { real += (real.last == separator ? [] : [separator]) + name }
                return real
            }
            isFile = false
            guard let last = existing.split(separator: separator).last, !existing.isEmpty else { return nil }
            if !last.elementsEqual(".".utf8) { missing.append(Array(last)) }
            existing = existing.prefix(existing.count - last.count)
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
