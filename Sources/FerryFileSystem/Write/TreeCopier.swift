import CFerryShims
package import FerryCore
import FerryThreads
import Synchronization
import SystemPackage

/// Carries out the writing part of a plan between two directories on this machine, on all cores, without an archive.
///
/// New entries are made under their own names and existing files are replaced by a rename, so the destination is never
/// wiped and a reader never sees half of a replaced file. Hard links and the times and modes of directories that are still
/// to be written into come last.
package enum TreeCopier {
    /// Copies.
    ///
    /// - Parameters:
    ///   - plan: What to do; its deletions are left to ``TreeRemover``.
    ///   - source: The root that the plan's source was scanned from.
    ///   - destination: The root to write below.
    ///   - options: How.
    /// - Returns: What was done and what could not be.
    package static func copy(
        _ plan: Plan, from source: OpenDirectory, to destination: OpenDirectory, options: CopyOptions
    ) -> CopyResult {
        let shared = CopyShared(plan: plan, options: options)
        let job = CopyJob(group: 0, path: [], setsModes: false, isNew: options.purpose == .staging)
        var result = CopyResult()
        guard !plan.groups.isEmpty else { return result }
        var outputs: [CopyOutput]
        do throws(ThreadError) {
            outputs = try WorkCrew.run(
                [job], threads: options.threads, named: "copy",
                state: { CopyWorker(number: $0, source: source, destination: destination, shared: shared) },
                work: { job, worker, jobs in worker.copy(job, spawning: &jobs) },
                finish: { $0.finish() })
        } catch {
            result.failure = FileSystemError("start a thread to write", path: [], cause: Errno(rawValue: error.errno))
            return result
        }
        result.problems = outputs.flatMap(\.problems)
        result.bytes = outputs.reduce(0) { $0 + $1.bytes }
        for index in outputs.indices { result.written.append(exchange(&outputs[index].written, with: [])) }
        result.setsModes = outputs.contains(where: \.setsModes)
        result.failure = outputs.lazy.compactMap(\.failure).first
        guard result.failure == nil else { return result }
        let links = outputs.flatMap(\.links)
        if !links.isEmpty {
            // The few links wait for the files that they name, wherever another worker made those. This thread is the caller's, who
            // gets its umask back.
            let umask = ferry_set_thread_umask(0)
            defer { if umask >= 0 { _ = ferry_set_thread_umask(UInt32(umask)) } }
            var worker = CopyWorker(number: options.threads, source: source, destination: destination, shared: shared)
            worker.makeLinks(links)
            let output = worker.finish()
            result.problems += output.problems
            result.bytes += output.bytes
            result.failure = output.failure
        }
        return result
    }
}

/// One directory whose steps are to be carried out.
struct CopyJob: Sendable {
    var group: Int
    var path: [UInt8]
    /// Whether modes given at creation cannot be trusted here, because an access control list or setgid is inherited.
    var setsModes: Bool
    /// Whether this copy made the directory.
    var isNew: Bool
}

/// A name of a file that another worker may not have made yet.
struct PendingLink: Sendable {
    var id: EntryID
    var directory: [UInt8]
    var replaces: Bool
    var job: CopyJob
}

/// What all workers of one copy look at.
final class CopyShared: Sendable {
    let plan: Plan
    let busy: BusyGroups
    let options: CopyOptions
    /// Raised by the first failure that makes all others pointless.
    private let hasFailed = Atomic<Bool>(false)

    init(plan: Plan, options: CopyOptions) {
        self.plan = plan
        busy = BusyGroups(of: plan)
        self.options = options
    }

    func giveUp() { hasFailed.store(true, ordering: .relaxed) }

    var mustStop: Bool { hasFailed.load(ordering: .relaxed) || options.cancellation.isRaised }
}

/// What one worker did.
struct CopyOutput: Sendable {
    var problems: [Problem] = []
    var links: [PendingLink] = []
    var bytes: Int64 = 0
    var written: [WrittenFile] = []
    var setsModes = false
    var failure: FileSystemError?
}
