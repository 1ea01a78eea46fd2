import FerryCore
import FerryTransport

/// Why a listing could not be taken.
enum ListingFailure: Error {
    case remote(RemoteFailure)
    case refused(RefusedListing)
}

/// Reads the strings of one listing and gives its entries to a ``RemoteListingsReader``.
struct ListingDialogue {
    private let channel: RemoteChannel
    private let request: RemoteListingRequest
    private let limits: RemoteLimits
    private let isPartial: Bool
    private var reader: RemoteListingsReader
    /// Where a listing is that comes in the order of a walk.
    private var walk: ListingWalk
    /// Link targets that came ahead of their entries, as `stat` does not tell them.
    private var targets: [[UInt8]: [UInt8]] = [:]
    private var targetBytes: Int64 = 0
    private let firstByte: Int64
    /// When the listing began, by the sandbox's clock.
    private var start: Timestamp?

    init(_ channel: RemoteChannel, _ request: RemoteListingRequest, isPartial: Bool) {
        self.channel = channel
        self.request = request
        limits = request.limits
        self.isPartial = isPartial
        reader = RemoteListingsReader(request, isPartial: isPartial)
        walk = ListingWalk(request.limits)
        firstByte = channel.receivedBytes
    }

    /// Reads up to the mark that ends the listing.
    consuming func run() throws(ListingFailure) -> RemoteListings {
        while true {
            if try takeEntry() { continue }
            let head = try next()
            if let words = channel.nonce.words(of: head) {
                switch words.first {
                case "listed" where words.count == 2:
                    do throws(RefusedListing) {
                        return try reader.finish(isComplete: words[1] == "0", start: start)
                    } catch {
                        throw .refused(error)
                    }
                case "clock":
                    start = Self.time(words.dropFirst())
                    continue
                case "again":
                    reader = RemoteListingsReader(request, isPartial: isPartial)
                    walk = ListingWalk(limits)
                    targets = [:]
                    targetBytes = 0
                    continue
                case "failed": throw .remote(.transport(channel.cut()))
                default: throw .remote(.transport(channel.surprise(head)))
                }
            }
            try take(head)
        }
    }

    /// What `date +%s.%N` printed, or `stat -c %z`; where neither knows fractions, only whole seconds count.
    private static func time(_ words: ArraySlice<String>) -> Timestamp? {
        if words.count == 3 {
            let words = words.map { Array($0.utf8)[...] }
            return CivilTime.timestamp(date: words[0], time: words[1], zone: words[2])
        }
        guard words.count == 1, let parts = words.first?.split(separator: ".", maxSplits: 1),
            let seconds = parts.first.flatMap({ Int64($0) })
        else { return nil }
        let nanoseconds = parts.count == 2 && parts[1].utf8.count == 9 ? UInt32(parts[1]) ?? 0 : 0
        return Timestamp(seconds: seconds, nanoseconds: min(nanoseconds, 999_999_999))
    }

    /// Takes an entry that has come whole, which most have.
    ///
    /// - Returns: Whether there was one; whatever else comes next is still to be read.
    private mutating func takeEntry() throws(ListingFailure) -> Bool {
        var listed: ListedStatus?
        var depth: UInt64?
        let strings = channel.threeStrings { head in
            // Marks and single letters are something else; a record begins with a letter and a space, or a letter and a digit.
            guard ListedStatus.isWalked(head) else {
                guard head.count > 1, head[1] == 0x20 else { return false }
                listed = ListedStatus(record: head)
                return listed != nil
            }
            var number: UInt64 = 0
            listed = ListedStatus(walked: head, depth: &number)
            depth = number
            return listed != nil
        }
        guard let listed, let (name, target) = strings else { return false }
        if let depth {
            try addWalked(name, listed, target: target, depth: depth)
        } else {
            try check { (reader) throws(RefusedListing) in try reader.add(name, listed, target: target) }
        }
        try checkLength()
        return true
    }

    private mutating func addWalked(
        _ name: ArraySlice<UInt8>, _ listed: ListedStatus, target: ArraySlice<UInt8>, depth: UInt64
    ) throws(ListingFailure) {
        do throws(RefusedListing) {
            let path = try walk.step(depth: depth, name: name, isDirectory: listed.status.kind == .directory)
            try reader.add(walked: path, listed, target: target)
        } catch {
            throw .refused(error)
        }
    }

    private mutating func take(_ head: [UInt8]) throws(ListingFailure) {
        switch head.count == 1 ? head[0] : nil {
        case UInt8(ascii: "!"):
            let (path, reason) = (try next(), try next())
            try check { (reader) throws(RefusedListing) in
                try reader.addUnreadable(path[...], reason: reason[...])
            }
        case UInt8(ascii: "@"):
            let (path, target) = (try next(), try next())
            targetBytes += Int64(path.count + target.count)
            guard targetBytes <= limits.nameBytes else {
                throw .refused(RefusedListing("it exceeds the limit 'name bytes' of \(limits.nameBytes)"))
            }
            targets[path] = target
        case UInt8(ascii: "%"):
            try takeBatch()
        case nil where ListedStatus.isWalked(head.span):
            let (name, target) = (try next(), try next())
            var depth: UInt64 = 0
            guard let listed = ListedStatus(walked: head.span, depth: &depth) else {
                throw .refused(Self.senseless(head, name))
            }
            try addWalked(name[...], listed, target: target[...], depth: depth)
            try checkLength()
        default:
            let (path, target) = (try next(), try next())
            guard let listed = ListedStatus(record: head.span) else { throw .refused(Self.senseless(head, path)) }
            try check { (reader) throws(RefusedListing) in try reader.add(path[...], listed, target: target[...]) }
        }
    }

    /// Lines of `stat` in one string, then as many names, then an empty string.
    private mutating func takeBatch() throws(ListingFailure) {
        let lines = try next().split(separator: 0x0A, omittingEmptySubsequences: false)
        for line in lines {
            let path = try next()
            guard let listed = ListedStatus(statLine: line) else { throw .refused(Self.senseless(line, path)) }
            let target = listed.status.kind == .symlink ? targets.removeValue(forKey: path) ?? [] : []
            try check { (reader) throws(RefusedListing) in try reader.add(path[...], listed, target: target[...]) }
        }
        guard try next().isEmpty else {
            throw .refused(RefusedListing("there are not as many names as lines"))
        }
    }

    private mutating func check(
        _ body: (inout RemoteListingsReader) throws(RefusedListing) -> Void
    ) throws(ListingFailure) {
        do throws(RefusedListing) { try body(&reader) } catch { throw .refused(error) }
    }

    private func next() throws(ListingFailure) -> [UInt8] {
        let string: [UInt8]
        do throws(RemoteFailure) {
            string = try channel.nextString(limit: limits.stringBytes)
        } catch {
            throw .remote(error)
        }
        try checkLength()
        return string
    }

    /// A path that was not told in full counts as if it had been: it takes as much work.
    private func checkLength() throws(ListingFailure) {
        guard channel.receivedBytes - firstByte + walk.savedBytes <= limits.listingBytes else {
            throw .refused(RefusedListing("it exceeds the limit 'listing bytes' of \(limits.listingBytes)"))
        }
    }

    private static func senseless(_ record: some Collection<UInt8>, _ path: [UInt8]) -> RefusedListing {
        RefusedListing("'\(displayName(of: Array(record.prefix(200))))' makes no sense", path: path)
    }
}
