import FerryCore
import FerryTransport

extension RemoteSession {
    /// Lists the whole directory.
    ///
    /// - Parameter options: What of it is looked at.
    /// - Returns: What is there; nothing when the directory is missing.
    /// - Throws: ``RemoteFailure``.
    func list(_ options: RemoteListingOptions = RemoteListingOptions()) throws(RemoteFailure) -> RemoteListing {
        try list(RemoteListingRequest(whole: options)).first
    }

    /// Lists trees.
    ///
    /// Of a directory that is empty or missing nothing is asked.
    ///
    /// - Parameter request: Which trees; where the root is none of them, only what is in them is looked at.
    /// - Returns: What is there.
    /// - Throws: ``RemoteFailure``.
    func list(_ request: RemoteListingRequest) throws(RemoteFailure) -> RemoteListings {
        do throws(TransportError) {
            try begin("listing '\(root.display)'")
            try demandRoot()
            if facts.isRootEmpty {
                endListing()
                return .empty(request.parts.count)
            }
            guard facts.listing != .none else {
                throw failure(
                    .unsupported, "there is neither GNU find, python3, perl nor stat -c, so only a full tar can tell")
            }
            try askOnce(for: request)
            endListing()
        } catch {
            throw giveUp(.transport(error))
        }
        do throws(RemoteFailure) {
            return try readListing(request, isPartial: false)
        } catch {
            throw giveUp(error)
        }
    }

    /// Takes in the beginning of the listing that was asked for with the start of the command.
    ///
    /// - Parameter goesOn: Whether to take in more: what the listing is read by is not known yet.
    /// - Throws: ``RemoteFailure``.
    func readAheadListing(while goesOn: () -> Bool) throws(RemoteFailure) {
        // Where turns are taken, all of an answer has come; where nothing is listed, nothing comes.
        guard isListingUnderWay, !takesTurns, facts.root == .directory, !facts.isRootEmpty, facts.listing != .none
        else { return }
        do throws(TransportError) {
            try begin("listing '\(root.display)'")
            try channel.readAhead(limit: Self.mostReadAhead, while: goesOn)
        } catch {
            throw giveUp(.transport(error))
        }
    }

    /// As much as a sandbox lists while a tree as large is scanned here.
    private static var mostReadAhead: Int { 12 << 20 }

    /// Reads a listing up to its mark.
    func readListing(_ request: RemoteListingRequest, isPartial: Bool) throws(RemoteFailure) -> RemoteListings {
        do throws(ListingFailure) {
            return try ListingDialogue(channel, request, isPartial: isPartial).run()
        } catch {
            switch error {
            case .remote(let failure): throw failure
            case .refused(let failure): throw .refused(failure)
            }
        }
    }

    /// Takes the SHA-256 of files over there.
    ///
    /// - Parameter paths: Paths of regular files.
    /// - Returns: A digest for each path, in the same order; nil for what is no regular file or cannot be read.
    /// - Throws: ``RemoteFailure``.
    func digests(of paths: [[UInt8]]) throws(RemoteFailure) -> [[UInt8]?] {
        do throws(TransportError) {
            try begin("taking digests in '\(root.display)'")
            try demandRoot()
            guard facts.digest != .none else {
                throw failure(.unsupported, "there is neither sha256sum, python3 nor perl to take a digest")
            }
        } catch {
            throw giveUp(.transport(error))
        }
        if facts.root == .missing || paths.isEmpty { return paths.map { _ in nil } }
        do throws(RemoteFailure) {
            return try DigestDialogue(channel, facts.digest, takesTurns: takesTurns).run(paths)
        } catch {
            throw giveUp(error)
        }
    }
}

extension RemoteListing {
    /// Nothing at all.
    static var empty: RemoteListing {
        RemoteListing(
            snapshot: .empty, problems: [], excludedCount: 0, isComplete: true, owners: [:], root: nil)
    }
}

extension RemoteChannel {
    /// Asks for a listing.
    ///
    /// - Parameter request: Which trees; where the root is none of them, only what is in them is looked at.
    /// - Throws: ``TransportError``.
    func ask(for request: RemoteListingRequest) throws(TransportError) {
        guard !request.parts.contains(where: \.place.isEmpty) else { return try send(line: "list") }
        try send(line: "below")
        try send(RemoteList(request.ground.directories + request.ground.ignoreFiles))
        try send(RemoteList(request.parts.map(\.place)))
    }
}
