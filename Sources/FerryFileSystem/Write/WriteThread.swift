import CFerryShims
import FerryCore
import SystemPackage

/// What a thread that creates entries has to know about modes.
enum WriteThread {
    /// Gives the calling thread a umask of its own, 0, so that modes given to `openat` and `mkdirat` come out exact
    /// without a call for each.
    ///
    /// Returns whether it has one; where a seccomp filter forbids it, modes are set one by one.
    static func clearUmask() -> Bool { ferry_set_thread_umask(0) >= 0 }
}

/// Names for entries that are about to be renamed into place.
struct TemporaryNames {
    private let prefix: [UInt8]
    private var count = 0

    /// - Parameter worker: A number that no other worker of this process uses at the same time.
    init(worker: Int) {
        var random = SystemRandomNumberGenerator()
        let tag = String(random.next(), radix: 36)
        prefix = ReservedNames.temporaryPrefix + Array("\(worker)-\(tag)-".utf8)
    }

    mutating func next() -> TerminatedName {
        count += 1
        return TerminatedName(unchecked: ArraySlice(prefix + Array(String(count, radix: 36).utf8) + [0]))
    }
}

extension Errno {
    /// Whether every further write would fail as well, so that going on only makes a mess.
    var stopsAllWrites: Bool {
        [.noSpace, .diskQuotaExceeded, .readOnlyFileSystem].contains(self)
    }
}
