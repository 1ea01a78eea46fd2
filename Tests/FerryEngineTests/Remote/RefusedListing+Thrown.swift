@testable import FerryEngine

extension RefusedListing {
    /// Why a listing was refused; nil when it was not, or something else went wrong.
    static func thrown<Value>(by body: () throws -> Value) -> RefusedListing? {
        do {
            _ = try body()
            return nil
        } catch ListingFailure.refused(let error) {
            return error
        } catch ListingFailure.remote(.refused(let error)) {
            return error
        } catch {
            return nil
        }
    }
}
