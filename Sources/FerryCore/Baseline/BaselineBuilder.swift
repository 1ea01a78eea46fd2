/// Writes a baseline, directory by directory, each entry in the order of names.
public struct BaselineBuilder {
    /// A directory that is being written.
    private struct Frame {
        var writer = BaselineWriter()
        var count = 0
        /// The directory's own entry, which goes into the directory above when this one is finished; nil for the root.
        var own: (entry: BaselineEntry, name: ArraySlice<UInt8>)?
        /// Whether the directory is only wanted for what is in it.
        var isOptional = false
        /// Where the bytes of the directory and all below it begin.
        var start = 0
        /// How many entries there were before those of the directory.
        var entriesBefore = 0
    }

    private var frames = [Frame()]
    /// The blocks that nobody has taken yet.
    private var output: [UInt8] = []
    /// The length of those that somebody has.
    private var taken = 0
    private var devices: [UInt64] = []
    private var entryCount = 0
    private var lastLinkGroup: UInt32 = 0
    /// A baseline whose pieces can be taken over.
    private var old: Baseline?

    /// Devices that no entry names any more are dropped by writing everything anew once there are that many.
    private static let mostDevices = 64
    /// From how many bytes on it is worth to write them.
    private static let outputLength = 256 << 10

    /// Begins.
    ///
    /// - Parameters:
    ///   - count: About how many entries will come, so that nothing is copied while it grows; 0 also for one whose blocks are taken
    ///     as they come.
    ///   - old: A baseline that much will be taken over from, with the numbers of its groups.
    public init(expecting count: Int = 0, continuing old: Baseline? = nil) {
        // With some room to grow: to move it all for a few longer entries would touch as much memory again.
        if count > 0 {
            output.reserveCapacity(max(count * 56, old.map { $0.blocks.length + $0.blocks.length / 16 } ?? 0))
        }
        guard let old, old.devices.count <= Self.mostDevices else { return }
        self.old = old
        devices = old.devices
        lastLinkGroup = old.lastLinkGroup
    }

    /// Where the next block goes.
    private var position: Int { taken + output.count }

    /// Whether the pieces of the baseline that it continues can be taken over.
    var takesPieces: Bool { old != nil }

    /// Adds a directory with what the baseline that it continues has below it.
    ///
    /// - Parameters:
    ///   - entry: The directory's own entry.
    ///   - name: Its name.
    ///   - directory: The directory of the baseline.
    mutating func append(_ entry: BaselineEntry, name: ArraySlice<UInt8>, piece directory: BaselineDirectory) {
        guard let old else { return }
        let block = old.block(of: directory)
        let start = position + block.lengthBelow
        old.blocks.withPieces(of: block.pieceStart..<block.end) { output.append(contentsOf: $0) }
        entryCount += block.countInPiece
        write(entry, name: name, block: start)
    }

    /// Adds an entry of a baseline, with all below it, as it is there.
    ///
    /// - Parameters:
    ///   - item: The entry.
    ///   - baseline: The baseline; the one that it continues, if it continues one.
    mutating func append(_ item: BaselineItem, of baseline: Baseline) {
        var open: [BaselineChildren] = []
        var current: BaselineItem? = item
        while true {
            if let item = current {
                if let directory = item.directory, takesPieces {
                    append(item.entry, name: item.name, piece: directory)
                } else if let directory = item.directory {
                    enter(item.entry, name: item.name)
                    open.append(baseline.children(of: directory))
                } else {
                    append(item.entry, name: item.name)
                }
            }
            guard !open.isEmpty else { return }
            current = open[open.count - 1].next()
            if current == nil {
                open.removeLast()
                leave()
                if open.isEmpty { return }
            }
        }
    }

    /// Adds an entry that holds nothing.
    public mutating func append(_ entry: BaselineEntry, name: ArraySlice<UInt8>) {
        write(entry, name: name, block: nil)
    }

    /// Adds an entry of the baseline that it continues as it is there: one of a file that belongs to no group.
    ///
    /// - Parameter encoded: The entry's bytes.
    mutating func append(encoded: ArraySlice<UInt8>) {
        let top = frames.count - 1
        frames[top].writer.bytes.append(contentsOf: encoded)
        frames[top].count += 1
        entryCount += 1
    }

    /// Begins a directory; what follows goes into it until ``leave()``.
    ///
    /// - Parameters:
    ///   - entry: The directory's own entry.
    ///   - name: Its name.
    ///   - isOptional: Whether it is left out when nothing comes into it.
    public mutating func enter(_ entry: BaselineEntry, name: ArraySlice<UInt8>, isOptional: Bool = false) {
        frames.append(
            Frame(own: (entry, name), isOptional: isOptional, start: position, entriesBefore: entryCount))
    }

    /// Ends the directory that was begun last.
    public mutating func leave() {
        guard frames.count > 1, let frame = frames.popLast(), let own = frame.own else { return }
        if frame.count == 0 && frame.isOptional { return }
        write(own.entry, name: own.name, block: flush(frame))
    }

    /// Ends it all.
    ///
    /// Changes the builder, which is of no use afterwards: to consume a copy that somebody else still holds would copy every byte.
    ///
    /// - Parameter header: What it is a baseline of.
    /// - Returns: The baseline.
    public mutating func finish(_ header: BaselineHeader) -> Baseline {
        precondition(taken == 0, "some of its blocks are elsewhere")
        let contents = finishRoot()
        let bytes = exchange(&output, with: [])
        return Baseline(
            header: header, contents: contents, devices: devices, blocks: .held(bytes, bytes.count))
    }

    /// Hands over the blocks that there are, once there are enough to be worth it.
    ///
    /// - Parameter write: Takes the next bytes of the encoded form.
    /// - Throws: What `write` throws.
    mutating func pass<Failure>(
        to write: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        if output.count >= Self.outputLength { try passAll(to: write) }
    }

    /// Ends it all, and hands over what is left of the encoded form.
    ///
    /// - Parameters:
    ///   - header: What it is a baseline of.
    ///   - write: Takes the next bytes.
    /// - Throws: What `write` throws.
    mutating func finish<Failure>(
        _ header: BaselineHeader, to write: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let contents = finishRoot()
        try passAll(to: write)
        try write(Baseline.ending(header, contents, devices, blocksLength: position)[...])
    }

    private mutating func passAll<Failure>(
        to write: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        try write(output[...])
        taken += output.count
        output.removeAll(keepingCapacity: true)
    }

    private mutating func finishRoot() -> BaselineContents {
        while frames.count > 1 { leave() }
        let root = flush(frames[0])
        return BaselineContents(
            entryCount: entryCount, root: root.map(BaselineDirectory.init(offset:)), lastLinkGroup: lastLinkGroup)
    }

    private mutating func write(_ entry: BaselineEntry, name: ArraySlice<UInt8>, block: Int?) {
        let numbers = (
            local: entry.local.map { number(of: $0.device) } ?? 0,
            remote: entry.remote.map { number(of: $0.device) } ?? 0
        )
        let top = frames.count - 1
        let block = block.map { $0 - frames[top].start }
        frames[top].writer.item(entry, name: name, block: block, devices: numbers)
        frames[top].count += 1
        entryCount += 1
        lastLinkGroup = max(lastLinkGroup, entry.linkGroup)
    }

    private mutating func flush(_ frame: Frame) -> Int? {
        guard frame.count > 0 else { return nil }
        let start = position
        var head = BaselineWriter()
        head.block(
            BaselineBlock(
                count: frame.count, length: frame.writer.bytes.count, lengthBelow: start - frame.start,
                countBelow: entryCount - frame.entriesBefore - frame.count))
        output.append(contentsOf: head.bytes)
        output.append(contentsOf: frame.writer.bytes)
        return start
    }

    private mutating func number(of device: UInt64) -> UInt64 {
        if let index = devices.lastIndex(of: device) { return UInt64(index) }
        devices.append(device)
        return UInt64(devices.count - 1)
    }
}

extension Baseline {
    /// Makes a baseline of paths.
    ///
    /// - Parameters:
    ///   - header: What it is a baseline of.
    ///   - entries: The entries; every directory above one must be among them.
    public init(header: BaselineHeader, entries: [(path: RelativePath, entry: BaselineEntry)]) {
        var builder = BaselineBuilder(expecting: entries.count)
        var open: [RelativePath] = []
        for (path, entry) in entries.sorted(by: { $0.path < $1.path }) {
            while let last = open.last, last != path.parent {
                builder.leave()
                open.removeLast()
            }
            if entry.kind == .directory {
                builder.enter(entry, name: path.name)
                open.append(path)
            } else {
                builder.append(entry, name: path.name)
            }
        }
        self = builder.finish(header)
    }

    /// All entries with their paths, each directory before what is inside it.
    public var allEntries: [(path: RelativePath, entry: BaselineEntry)] {
        var result: [(RelativePath, BaselineEntry)] = []
        var stack = [(children: children(of: root), path: [UInt8]())]
        while !stack.isEmpty {
            guard let item = stack[stack.count - 1].children.next() else {
                stack.removeLast()
                continue
            }
            let above = stack[stack.count - 1].path
            let path = above.isEmpty ? Array(item.name) : above + [RelativePath.separator] + item.name
            result.append((RelativePath(unchecked: path), item.entry))
            if item.directory != nil { stack.append((children(of: item.directory), path)) }
        }
        return result
    }
}
