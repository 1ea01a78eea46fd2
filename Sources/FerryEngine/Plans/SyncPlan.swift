import FerryFileSystem

/// A plan that was kept.
public enum SyncPlan: Sendable {
    /// Of a pull, with its results.
    case pull(PullPlan)
    /// Of a push.
    case push(PushPlan)

    /// Reads the file of a plan.
    init(decoding record: [UInt8]) throws(JournalError) {
        let name = StoredPlan.name(of: record)
        if StoredPushPlan.isClaimed(by: record) {
            self = .push(PushPlan(name: name, stored: try StoredPushPlan(decoding: record)))
        } else {
            self = .pull(PullPlan(name: name, stored: try StoredPlan(decoding: record)))
        }
    }
}
