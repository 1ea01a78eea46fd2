/// What a managed runtime has to do in every sandbox, whatever the way there is.
///
/// ```swift
/// @Test(arguments: RuntimeTrial.allCases)
/// func holds(trial: RuntimeTrial) async throws {
///     try await trial.run(in: makePlace())
/// }
/// ```
package enum RuntimeTrial: String, CaseIterable, Sendable {
    /// The workspace and the assets arrive, and the result says where.
    case everythingArrives
    /// An asset becomes its exact image, and what is not changed is not written again.
    case assetsAreReplacedWholesale
    /// An asset that is not asked for any more goes.
    case droppedAssetsGo
    /// Links in an asset are followed when that is asked for, and sent as links when not.
    case linksAreFollowedOnRequest
    /// What an asset excludes is not sent, and goes where it was sent before.
    case excludedPartsOfAssetsGo
    /// What the agent did comes back, again and again.
    case resultsAreRestored
    /// A host program that was started anew finds the runtime and restores it.
    case restoresAfterRestart
    /// What was changed on this machine meanwhile stays.
    case localEditsStay
    /// A sandbox that the runtime owns becomes the exact image, but for preserved names.
    case ownedSandboxIsExactImage
    /// In any other sandbox, results that nobody restored stop a prepare.
    case unrestoredResultsStopPrepare
    /// Without the workspace only assets are sent and nothing is restored.
    case assetsOnly
    /// Two runtimes on one workspace bring back both results.
    case twoRuntimesOnOneWorkspace
    /// A prepare that was cut off is healed by the next one.
    case cutPrepareIsHealed
    /// A prepare that was cut off is cleaned by a release.
    case cutPrepareIsReleased
    /// A release removes the runtime root and the state, and nothing else.
    case releaseRemovesRuntimeRootOnly
    /// A runtime directory of any name is neither restored nor deleted.
    case runtimeDirectoryHasAnyName
    /// What is excluded is left alone on both sides.
    case excludedEntriesAreLeftAlone

    /// Runs the trial.
    ///
    /// - Parameter place: A sandbox that nothing else uses.
    /// - Throws: ``TrialFailure``, or what failed.
    package func run(in place: RuntimePlace) async throws {
        let world = try TrialWorld(place)
        switch self {
        case .everythingArrives: try await AssetTrials.everythingArrives(world)
        case .assetsAreReplacedWholesale: try await AssetTrials.assetsAreReplacedWholesale(world)
        case .droppedAssetsGo: try await AssetTrials.droppedAssetsGo(world)
        case .linksAreFollowedOnRequest: try await AssetTrials.linksAreFollowedOnRequest(world)
        case .excludedPartsOfAssetsGo: try await AssetTrials.excludedPartsOfAssetsGo(world)
        case .assetsOnly: try await AssetTrials.assetsOnly(world)
        case .runtimeDirectoryHasAnyName: try await AssetTrials.runtimeDirectoryHasAnyName(world)
        case .resultsAreRestored: try await WorkspaceTrials.resultsAreRestored(world)
        case .restoresAfterRestart: try await WorkspaceTrials.restoresAfterRestart(world)
        case .localEditsStay: try await WorkspaceTrials.localEditsStay(world)
        case .ownedSandboxIsExactImage: try await WorkspaceTrials.ownedSandboxIsExactImage(world)
        case .unrestoredResultsStopPrepare: try await WorkspaceTrials.unrestoredResultsStopPrepare(world)
        case .excludedEntriesAreLeftAlone: try await WorkspaceTrials.excludedEntriesAreLeftAlone(world)
        case .twoRuntimesOnOneWorkspace: try await LifetimeTrials.twoRuntimesOnOneWorkspace(world)
        case .cutPrepareIsHealed: try await LifetimeTrials.cutPrepareIsHealed(world)
        case .cutPrepareIsReleased: try await LifetimeTrials.cutPrepareIsReleased(world)
        case .releaseRemovesRuntimeRootOnly: try await LifetimeTrials.releaseRemovesRuntimeRootOnly(world)
        }
    }
}
