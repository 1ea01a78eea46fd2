package import FerryCore

/// What a pull found and would do, as it is kept until somebody applies it.
///
/// The results themselves lie beside it, see ``PlanStore``.
package struct StoredPlan: Sendable {
    /// A path on which something would be done.
    package struct Step: Sendable, Equatable {
        package var path: [UInt8]
        package var action: PlanAction
        /// What the workspace had there; nil for nothing.
        package var local: FerryCore.Fingerprint?

        /// The SHA-256 of that file: a run that was taken back leaves everything but the ctime as it was.
        package var digest: [UInt8]

        package init(path: [UInt8], action: PlanAction, local: FerryCore.Fingerprint?, digest: [UInt8] = []) {
            self.path = path
            self.action = action
            self.local = local
            self.digest = digest
        }
    }

    /// What comparing the content of a file found out.
    package struct Answer: Sendable {
        package var path: [UInt8]
        package var answer: ContentAnswer
        package var local: FerryCore.Fingerprint

        package init(path: [UInt8], answer: ContentAnswer, local: FerryCore.Fingerprint) {
            self.path = path
            self.answer = answer
            self.local = local
        }
    }

    /// What a pull was told.
    package struct Settings: Sendable, Equatable {
        package var rules: [UInt8] = []
        package var allowedHeld: [[UInt8]] = []
        package var conflicts: [UInt8] = []
        package var overrides: [[UInt8]] = []
        package var mirrors = false
        package var deletes = true
        package var comparesAllContent = false
        package var staysOnOneFileSystem = false

        package init() {}
    }

    package var created: Timestamp
    /// The workspace's real path.
    package var workspace: [UInt8]
    /// The sandbox as the user wrote it.
    package var endpoint: [UInt8]
    /// Names it in baselines; empty where there is none, as for an archive.
    package var endpointKey: [UInt8] = []
    package var sandboxIdentity: [UInt8] = []
    package var sandboxBoot: [UInt8] = []
    package var settings = Settings()
    /// From when on the sandbox's entries are known.
    package var remoteStamp: ScanStamp
    /// What the sandbox held.
    package var remote: Snapshot
    package var steps: [Step] = []
    package var answers: [Answer] = []
    /// The digests that were known of the sandbox's files before the plan was made.
    package var knownDigests: [(path: [UInt8], digest: [UInt8])] = []
    /// The digests of what was fetched.
    package var fetchedDigests: [(path: [UInt8], digest: [UInt8])] = []

    package init(
        created: Timestamp, workspace: [UInt8], endpoint: [UInt8], remoteStamp: ScanStamp, remote: Snapshot
    ) {
        self.created = created
        self.workspace = workspace
        self.endpoint = endpoint
        self.remoteStamp = remoteStamp
        self.remote = remote
    }
}
