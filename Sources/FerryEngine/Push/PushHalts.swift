import FerryCore

/// Stops a push that would probably destroy something.
enum PushHalts {
    /// Checks.
    ///
    /// A plan that is only kept halts when it is applied.
    static func check(_ plan: Plan, _ summary: PlanSummary, _ options: SyncOptions) throws(SyncError) {
        guard !options.keepsPlan,
            let halt = plan.halt(summary: summary, overrides: options.overrides, isMirror: options.mirrors)
        else { return }
        throw SyncError(halt)
    }
}
