/// What a workspace and an endpoint last agreed on, path by path, with what each side looked like then.
///
/// # Using it
///
/// - ``Planner/plan(source:destination:policy:base:)`` merges three ways with it; ``PlanPolicy/merge`` says which side is which.
/// - Before the first change of a push: ``Baseline/markingPush(_:from:header:)``, stored at once.
/// - After a sync: ``Baseline/advanced(from:by:applied:header:)``, stored.
/// - For a push that trusts it instead of listing the sandbox: ``Baseline/remoteSnapshot()``.
/// - On disk: `BaselineStore` of the file system module; its bytes are ``Baseline/encoded()`` and a checksum, and come back through
///   ``Baseline/init(encoded:trailing:isVerified:)``, or, of a large one, ``Baseline/init(ending:trailing:blocks:)``.
///   ``Baseline/advance(from:by:applied:header:into:)`` gives them piece by piece.
///
/// # Layout
///
/// It stays in memory as it is on disk, or, if it is large, on disk: one block of bytes for each directory that holds something, with the
/// directory's entries sorted by name, each a few bytes of flags, the name and numbers of variable length (about 55 bytes an entry in
/// all, where a record of fixed size would take 130). A directory's block comes after those of all directories in it, and the root's
/// block is the last. A directory with all below it is thus one piece of bytes. What its blocks say of each other is counted from the
/// beginning of that piece, so the next baseline takes over, as it is, whatever did not change. Nothing is looked up by path: like two
/// snapshots, a baseline is read alongside others, directory by directory, in the order of names.
public struct Baseline: Sendable {
    /// What it is a baseline of.
    public var header: BaselineHeader
    /// The number of entries.
    public let entryCount: Int
    /// What the root holds; nil when that is nothing.
    public let root: BaselineDirectory?
    /// The devices that fingerprints name.
    let devices: [UInt64]
    let blocks: BaselineBlocks
    /// The largest number of a group of names.
    let lastLinkGroup: UInt32

    init(
        header: BaselineHeader, contents: BaselineContents, devices: [UInt64], blocks: BaselineBlocks
    ) {
        self.header = header
        entryCount = contents.entryCount
        root = contents.root
        lastLinkGroup = contents.lastLinkGroup
        self.devices = devices
        self.blocks = blocks
    }

    /// A baseline that knows of nothing.
    public init(header: BaselineHeader) {
        self.init(header: header, contents: BaselineContents(), devices: [], blocks: .held([], 0))
    }

    /// What the head of a directory's block says.
    func block(of directory: BaselineDirectory) -> BaselineBlock {
        var reader = blocks.reader(at: directory.offset, count: BaselineBlock.longestHead)
        return reader.block(at: directory.offset)
    }

    /// The entries of a directory, sorted by name.
    ///
    /// - Parameter directory: The directory; nil for one that holds nothing.
    /// - Returns: The entries; they are decoded one by one.
    public func children(of directory: BaselineDirectory?) -> BaselineChildren {
        BaselineChildren(self, directory)
    }

    /// The entry at a path; nil when there is none.
    ///
    /// Reads the directories on the way from their beginning: for a few paths only.
    public func entry(at path: RelativePath) -> BaselineEntry? {
        var directory = root
        var found: BaselineItem?
        for component in path.components {
            var follower = BaselineFollower(self, directory)
            found = follower.find(component)
            guard let found else { return nil }
            directory = found.directory
        }
        return found?.entry
    }

    /// Whether some of it could not be read when it was needed: then what was made of it is of no use.
    public var isUnreadable: Bool { blocks.hasFailed }

    /// Whether it knows of a push that did not come to its end.
    public var isPushUnderWay: Bool { header.isPushUnderWay }
}

/// What a baseline is a baseline of.
public struct BaselineHeader: Sendable, Hashable {
    /// The version of the format that this code writes, the only one it reads.
    public static let formatVersion: UInt32 = 4

    /// Names the workspace.
    public var workspaceKey: [UInt8]
    /// Names the endpoint.
    public var endpointKey: [UInt8]
    /// The sandbox's identity: the vendor's, container's or pod's id, or the root's inode.
    public var sandboxIdentity: [UInt8]
    /// The sandbox's boot id; when it changes, remote fingerprints are worth nothing.
    public var sandboxBoot: [UInt8]
    /// A digest of the rules that were in force.
    public var rulesDigest: [UInt8]
    /// The rules themselves, for a pull that is given none.
    public var rulesText: [UInt8]
    /// When the workspace's scan began.
    public var localScan: Timestamp
    /// When the sandbox's scan began.
    public var remoteScan: Timestamp
    /// Whether a sync has come to its end with it; a first push that was killed leaves one that is not.
    public var isComplete: Bool
    /// Whether a push is writing, or was when it was killed.
    public var isPushUnderWay: Bool

    /// Makes a header.
    public init(
        workspaceKey: [UInt8] = [], endpointKey: [UInt8] = [], sandboxIdentity: [UInt8] = [], sandboxBoot: [UInt8] = [],
        rulesDigest: [UInt8] = [], rulesText: [UInt8] = [], localScan: Timestamp = Timestamp(seconds: 0),
        remoteScan: Timestamp = Timestamp(seconds: 0), isComplete: Bool = true, isPushUnderWay: Bool = false
    ) {
        self.workspaceKey = workspaceKey
        self.endpointKey = endpointKey
        self.sandboxIdentity = sandboxIdentity
        self.sandboxBoot = sandboxBoot
        self.rulesDigest = rulesDigest
        self.rulesText = rulesText
        self.localScan = localScan
        self.remoteScan = remoteScan
        self.isComplete = isComplete
        self.isPushUnderWay = isPushUnderWay
    }
}

/// The entries of one directory of a baseline, decoded one by one.
public struct BaselineChildren: Sequence, IteratorProtocol {
    private var reader: BaselineReader
    private var left: Int
    private let piece: Range<Int>
    private let devices: [UInt64]

    init(_ baseline: Baseline, _ directory: BaselineDirectory?) {
        devices = baseline.devices
        guard let directory else {
            reader = BaselineReader([], at: 0, end: 0)
            left = 0
            piece = 0..<0
            return
        }
        reader = baseline.blocks.reader(at: directory.offset, count: BaselineBlock.longestHead)
        let block = reader.block(at: directory.offset)
        if reader.left < block.length {
            reader = baseline.blocks.reader(at: block.entriesStart, count: block.length)
        }
        left = block.count
        piece = block.pieceStart..<block.start
    }

    /// The next entry.
    public mutating func next() -> BaselineItem? {
        guard left > 0 else { return nil }
        left -= 1
        // What is in memory was checked when it came in, so this always succeeds.
        return reader.item(devices: devices, piece: piece)
    }

    /// Passes over the next entry if it is an agreed file that looks like two others; else it is still the next.
    ///
    /// - Parameters:
    ///   - name: The name that it must have.
    ///   - looks: What the two look like now.
    /// - Returns: Where its bytes are, for ``encoded(_:)``; nil when it was not passed over.
    mutating func pass(fileNamed name: ArraySlice<UInt8>, _ looks: FileLooks) -> Range<Int>? {
        guard left > 0 else { return nil }
        let start = reader.position
        guard reader.passFile(named: name, looks, devices: devices) else {
            reader.rewind(to: start)
            return nil
        }
        left -= 1
        return start..<reader.position
    }

    /// The bytes of an entry that was passed over.
    func encoded(_ range: Range<Int>) -> ArraySlice<UInt8> { reader[range] }
}

/// Finds entries of one directory by names that come in ascending order.
struct BaselineFollower {
    private var children: BaselineChildren
    private var current: BaselineItem?
    /// Whether the entry at hand is still undecoded.
    private var isAhead = true

    init(_ baseline: Baseline, _ directory: BaselineDirectory?) {
        children = baseline.children(of: directory)
    }

    /// Decodes the entry at hand.
    private mutating func decode() {
        guard isAhead else { return }
        current = children.next()
        isAhead = false
    }

    /// Passes over the entry at hand if it is an agreed file that looks like two others.
    ///
    /// The usual case of a sync, for nearly every file: nothing is decoded but what has to be compared.
    ///
    /// - Parameters:
    ///   - name: The name that it must have.
    ///   - looks: What the two look like now.
    /// - Returns: Where its bytes are, for ``encoded(_:)``; nil when it was not passed over.
    mutating func pass(fileNamed name: ArraySlice<UInt8>, _ looks: FileLooks) -> Range<Int>? {
        isAhead ? children.pass(fileNamed: name, looks) : nil
    }

    /// The bytes of an entry that was passed over.
    func encoded(_ range: Range<Int>) -> ArraySlice<UInt8> { children.encoded(range) }

    /// The entry of a name that is not smaller than the one asked for before.
    mutating func find(_ name: ArraySlice<UInt8>) -> BaselineItem? {
        decode()
        while let item = current {
            if item.name.elementsEqual(name) { return item }
            if name.lexicographicallyPrecedes(item.name) { return nil }
            current = children.next()
        }
        return nil
    }

    /// The next entry that has not been found, as long as its name is smaller than another.
    mutating func next(before name: ArraySlice<UInt8>?) -> BaselineItem? {
        decode()
        guard let item = current else { return nil }
        if let name, !item.name.lexicographicallyPrecedes(name) { return nil }
        current = children.next()
        return item
    }

    /// Passes over the entry that was found.
    mutating func drop() { isAhead = true }
}
