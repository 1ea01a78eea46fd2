import FerryCore
import FerryEngine
import FerryTesting
import Glibc
import Synchronization
import Testing

extension SyncOptions {
    /// The default options with some changes.
    static func with(_ change: (inout SyncOptions) -> Void) -> SyncOptions {
        var options = SyncOptions()
        change(&options)
        return options
    }

    /// The destination becomes the exact image, without halts.
    static var mirror: SyncOptions {
        with {
            $0.mirrors = true
            $0.overrides.allowed = Set(Halt.Reason.allCases)
        }
    }

    /// Everything that a sandbox has is let in.
    static var unreviewed: SyncOptions {
        with { $0.allowedHeld = .patterns("*") }
    }

    /// A mirror that lets everything in.
    static var unreviewedMirror: SyncOptions {
        var options = SyncOptions.mirror
        options.allowedHeld = .patterns("*")
        return options
    }
}

extension PreservePatterns {
    /// The patterns of a text, one a line.
    static func patterns(_ text: String) -> PreservePatterns {
        PreservePatterns(IgnorePatternList(parsing: text.utf8, kind: .commandLine, label: []))
    }
}

extension IgnoreRules {
    /// The rules of `--exclude` lines.
    static func excluding(_ text: String) -> IgnoreRules {
        IgnoreRules(
            commandLine: IgnorePatternList(parsing: text.utf8, kind: .commandLine, label: Array("--exclude".utf8)))
    }
}

/// The error that a sync ends with; nil when it does not.
func failure(of body: () async throws(SyncError) -> SyncReport) async -> SyncError? {
    do throws(SyncError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// The reason of the halt that a sync ends with.
func halt(of body: () async throws(SyncError) -> SyncReport) async -> Halt.Reason? {
    await failure(of: body)?.halt?.reason
}

extension SyncReport {
    /// The codes of the problems by path.
    var problemCodes: [String: Problem.Code] {
        Dictionary(problems.map { (displayName(of: $0.path), $0.code) }, uniquingKeysWith: { first, _ in first })
    }
}

/// Collects the items that a sync tells.
final class ItemLog: Sendable {
    private let items = Mutex<[SyncItem]>([])

    var observer: SyncObserver {
        { event in
            guard case .item(let item) = event else { return }
            self.items.withLock { $0.append(item) }
        }
    }

    var all: [SyncItem] { items.withLock { $0 } }

    /// The action of each item by path.
    var actions: [String: PlanAction] {
        Dictionary(all.map { (displayName(of: $0.path), $0.action) }, uniquingKeysWith: { first, _ in first })
    }
}

/// A user without privileges that the tests turn into where they run as root.
enum PlainUser {
    static let number: uid_t = 65_534

    /// Gives up root for the whole process; only in a process made for one test.
    static func become() {
        guard geteuid() == 0 else { return }
        precondition(setgroups(0, nil) == 0 && setgid(number) == 0 && setuid(number) == 0)
    }

    /// Makes a directory belong to that user.
    static func give(_ path: [UInt8]) {
        guard geteuid() == 0 else { return }
        for (entry, _) in (try? DiskFingerprint.all(in: path)) ?? [:] {
            let whole = (path + Array("/".utf8) + entry.bytes).map(CChar.init(bitPattern:)) + [0]
            _ = unsafe lchown(whole, number, number)
        }
        let whole = path.map(CChar.init(bitPattern:)) + [0]
        _ = unsafe lchown(whole, number, number)
    }
}
