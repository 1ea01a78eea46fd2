/// The directories of a plan in which, below which or to which anything is done.
///
/// A tree in which little changed has thousands of others, and nobody needs to open those.
public struct BusyGroups: Sendable {
    private var isBusy: [Bool]

    /// Looks for them.
    ///
    /// - Parameter plan: The plan, with nothing left to compare.
    public init(of plan: Plan) {
        isBusy = Array(repeating: false, count: plan.groups.count)
        // The root is always looked at.
        if !isBusy.isEmpty { isBusy[0] = true }
        // A group comes after the one that its directory is in.
        for index in plan.groups.indices.reversed() {
            for position in plan.groups[index].steps {
                let step = plan.steps[position]
                if !Self.isIdle(step) {
                    isBusy[index] = true
                    if step.childGroup != 0 { isBusy[Int(step.childGroup)] = true }
                } else if step.childGroup != 0, isBusy[Int(step.childGroup)] {
                    isBusy[index] = true
                }
            }
        }
    }

    /// Whether a group has to be looked at.
    ///
    /// - Parameter group: Its number in the plan.
    /// - Returns: False when nothing is done in its directory, below it or to it.
    public func contains(_ group: Int) -> Bool { isBusy[group] }

    /// Whether nothing is done to what both sides have.
    private static func isIdle(_ step: PlanStep) -> Bool {
        (step.action == .descend || step.action == .unchanged) && step.source != nil && step.destination != nil
    }
}
