import FerryCore
import SystemPackage

/// Removes a private directory with all that is in it.
///
/// For Ferry's own temporary trees only: nobody else writes there, and what cannot be removed is left for the next
/// sweep.
enum DirectoryEraser {
    static func erase(_ name: TerminatedName, in container: OpenDirectory) {
        var stack: [(parent: OpenDirectory, name: TerminatedName, isEmptied: Bool)] = [(container, name, false)]
        var reader = DirectoryReader()
        while let (parent, name, isEmptied) = stack.popLast() {
            if isEmptied {
                try? parent.handle.removeDirectory(name)
                continue
            }
            try? parent.handle.setMode(of: name, to: 0o700)
            guard let handle = try? parent.handle.openDirectory(name),
                (try? reader.read(handle, fillsBuffer: false)) != nil
            else { continue }
            stack.append((parent, name, true))
            let directory = OpenDirectory(handle)
            for index in 0..<reader.count {
                let child = reader.name(at: index)
                let owned = TerminatedName(unchecked: ArraySlice(Array(child.terminated)))
                if reader.kind(at: index) == .directory {
                    stack.append((directory, owned, false))
                } else if (try? directory.handle.removeFile(child)) == nil {
                    // The file system did not say what it is.
                    stack.append((directory, owned, false))
                }
            }
        }
    }
}
