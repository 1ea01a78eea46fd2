import FerryCore
import FerryTesting
import Foundation
import Glibc

/// Changes of a tree that a scan must not miss.
struct RandomChanges {
    private let root: String

    init(_ root: [UInt8]) { self.root = String(decoding: root, as: UTF8.self) }

    /// Makes some changes, as many of them as are possible.
    func make(_ count: Int, _ random: inout SeededGenerator) throws {
        for _ in 0..<count { try change(&random) }
    }

    private func change(_ random: inout SeededGenerator) throws {
        // Names that are no text are left alone: there are enough others.
        let found = try paths()
        let directories = found.filter(\.isDirectory).map(\.path) + [root]
        let files = found.filter { !$0.isDirectory }.map(\.path)
        let directory = directories[random.below(directories.count)]
        let file = files.isEmpty ? directory + "/none" : files[random.below(files.count)]
        let fresh = directory + "/new\(random.below(30))"
        switch random.below(12) {
        case 0, 1: _ = try? Data("content".utf8).write(to: URL(filePath: fresh))
        case 2: unsafe mkdir(fresh, 0o755)
        case 3: unsafe unlink(file)
        case 4: unsafe rename(file, fresh)
        case 5:
            unsafe unlink(file)
            unsafe mkdir(file, 0o755)
        case 6: unsafe rename(directories[random.below(directories.count)], fresh)
        case 7:
            let descriptor = unsafe open(file, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOFOLLOW)
            if descriptor >= 0 {
                unsafe write(descriptor, "x", 1)
                close(descriptor)
            }
        case 8: unsafe chmod(directory, random.oneIn(2) ? 0o755 : 0o711)
        case 9: try swapEqual(in: directory)
        case 10: try addAndSetBack(in: directory, &random)
        default: _ = try? FileManager.default.removeItem(atPath: directory == root ? file : directory)
        }
    }

    /// Two directories that hold the same change places.
    private func swapEqual(in directory: String) throws {
        for name in ["twin1", "twin2"] {
            unsafe mkdir("\(directory)/\(name)", 0o755)
            _ = try? Data(name.utf8).write(to: URL(filePath: "\(directory)/\(name)/same"))
        }
        unsafe rename("\(directory)/twin1", "\(directory)/twin0")
        unsafe rename("\(directory)/twin2", "\(directory)/twin1")
        unsafe rename("\(directory)/twin0", "\(directory)/twin2")
    }

    /// Something new is in a directory, and its mtime says that nothing is.
    private func addAndSetBack(in directory: String, _ random: inout SeededGenerator) throws {
        var status = stat()
        guard unsafe lstat(directory, &status) == 0 else { return }
        let descriptor = unsafe open("\(directory)/added\(random.below(5))", O_WRONLY | O_CREAT, 0o644)
        if descriptor >= 0 { close(descriptor) }
        let times = [status.st_atim, status.st_mtim]
        unsafe times.withUnsafeBufferPointer {
            _ = unsafe utimensat(AT_FDCWD, directory, $0.baseAddress, AT_SYMLINK_NOFOLLOW)
        }
    }

    private func paths() throws -> [(path: String, isDirectory: Bool)] {
        try DiskFingerprint.all(in: Array(root.utf8)).keys.sorted().compactMap { relative in
            guard let name = String(bytes: relative.bytes, encoding: .utf8) else { return nil }
            var status = stat()
            guard unsafe lstat("\(root)/\(name)", &status) == 0 else { return nil }
            return ("\(root)/\(name)", status.st_mode & S_IFMT == S_IFDIR)
        }
    }
}
