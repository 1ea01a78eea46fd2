import FerryCore
package import FerryFileSystem
import SystemPackage

extension SyncEngine {
    /// The key by which baselines know a directory of this machine as an endpoint.
    ///
    /// - Parameter directory: The directory.
    /// - Returns: The key.
    /// - Throws: ``SyncError`` when it has no path any more.
    package static func baselineKey(of directory: OpenDirectory) throws(SyncError) -> [UInt8] {
        SyncBaseline.key(of: try SyncLocks.key(of: directory, at: []))
    }

    /// Forgets what a directory and an endpoint last agreed on, because the endpoint's directory is gone.
    ///
    /// - Parameters:
    ///   - workspace: The directory's real path.
    ///   - endpoint: The endpoint's key.
    ///   - stateDirectory: The directory that holds Ferry's state.
    /// - Throws: ``SyncError`` when it cannot be removed; that there is none is fine.
    package static func forgetBaseline(
        workspace: [UInt8], endpoint: [UInt8], stateDirectory: [UInt8]
    ) throws(SyncError) {
        do throws(FileSystemError) {
            try BaselineStore(in: stateDirectory).remove(workspace: workspace, endpoint: endpoint)
        } catch {
            throw SyncError(.failed, error.description)
        }
    }
}
