/// Which optional parts of an entry follow; the lowest four bits are its kind.
private struct Parts: OptionSet {
    let rawValue: UInt8

    static let kind = Parts(rawValue: 0x0F)
    static let local = Parts(rawValue: 1 << 4)
    static let remote = Parts(rawValue: 1 << 5)
    static let group = Parts(rawValue: 1 << 6)
    static let digest = Parts(rawValue: 1 << 7)
}

/// Which parts of a side's fingerprint are not the entry's own; the upper half is the sandbox's.
private struct Differences: OptionSet {
    let rawValue: UInt8

    static let mode = Differences(rawValue: 1)
    static let mtime = Differences(rawValue: 2)
    /// A directory's and a link's size is not the entry's.
    static let size = Differences(rawValue: 4)
    static let all = Differences(rawValue: 0x77)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ print: Fingerprint?, from entry: BaselineEntry) {
        var result: Differences = []
        if let print {
            if print.mode != entry.mode { result.insert(.mode) }
            if print.mtime != entry.mtime { result.insert(.mtime) }
            if print.size != entry.size { result.insert(.size) }
        }
        self = result
    }
}

/// Beside an entry's flags: whether the digest of an index follows at its end.
private let indexDigestBit: UInt8 = 1 << 7

/// What a file looks like on both sides now.
struct FileLooks {
    /// The workspace's; nil where it is of no account.
    var local: Fingerprint?
    /// The sandbox's; nil where its size alone counts.
    var remote: Fingerprint?
    /// The size, the same on both sides.
    var size: Int64
    /// Whether an entry of a file with several names will do.
    var mayHaveSeveralNames = true
}

extension BaselineReader {
    /// Reads one entry of a directory.
    ///
    /// - Parameters:
    ///   - devices: The devices by their numbers.
    ///   - piece: Where the bytes of the directory and all below it begin, and where its own block does: what is below is before that.
    /// - Returns: The entry; nil when it is damaged.
    mutating func item(devices: [UInt64], piece: Range<Int>) -> BaselineItem? {
        let head = byte()
        let flagBits = byte()
        let flags = BaselineFlags(rawValue: flagBits & ~indexDigestBit)
        let differences = Differences(rawValue: byte())
        let parts = Parts(rawValue: head)
        guard let kind = EntryKind(rawValue: head & Parts.kind.rawValue), flags.isSubset(of: .all),
            differences.isSubset(of: .all)
        else {
            fail()
            return nil
        }
        let name = string(Int(byte()))
        var entry = BaselineEntry(kind: kind, flags: flags)
        entry.mode = mode()
        var directory: BaselineDirectory?
        switch kind {
        case .file: entry.size = Int64(number(upTo: UInt64(Int64.max)))
        case .symlink: entry.target = string()
        case .directory:
            let block = number(upTo: UInt64(piece.count))
            if block > 0 { directory = BaselineDirectory(offset: piece.lowerBound + Int(block) - 1) }
        default: break
        }
        entry.mtime = time()
        if parts.contains(.local) { entry.local = fingerprint(of: entry, differences, devices) }
        let upper = Differences(rawValue: differences.rawValue >> 4)
        if parts.contains(.remote) { entry.remote = fingerprint(of: entry, upper, devices) }
        if parts.contains(.group) { entry.linkGroup = UInt32(number(upTo: UInt64(UInt32.max))) }
        if parts.contains(.digest) { entry.digest = string(BaselineEntry.digestLength) }
        if flagBits & indexDigestBit != 0 { entry.indexDigest = string(BaselineEntry.digestLength) }
        return isDamaged ? nil : BaselineItem(name: name, entry: entry, directory: directory)
    }

    /// Reads over one entry of a directory if it is an agreed file that looks like two others.
    ///
    /// - Parameters:
    ///   - name: The name that it must have.
    ///   - looks: What the two look like now.
    ///   - devices: The devices by their numbers.
    /// - Returns: Whether it is; where not, the reader is somewhere within it.
    mutating func passFile(named name: ArraySlice<UInt8>, _ looks: FileLooks, devices: [UInt64]) -> Bool {
        let parts = Parts(rawValue: byte())
        let flagBits = byte()
        let differences = Differences(rawValue: byte())
        guard parts.rawValue & Parts.kind.rawValue == EntryKind.file.rawValue, flagBits & ~indexDigestBit == 0,
            !parts.contains(.group) || looks.mayHaveSeveralNames, passes(name)
        else { return false }
        let mode = mode()
        let size = Int64(number(upTo: UInt64(Int64.max)))
        let mtime = time()
        guard size == looks.size,
            passes(looks.local, parts.contains(.local), mode, size, mtime, differences, devices)
        else { return false }
        let upper = Differences(rawValue: differences.rawValue >> 4)
        guard passes(looks.remote, parts.contains(.remote), mode, size, mtime, upper, devices) else { return false }
        if parts.contains(.group) { _ = number() }
        if parts.contains(.digest) { skip(BaselineEntry.digestLength) }
        if flagBits & indexDigestBit != 0 { skip(BaselineEntry.digestLength) }
        return !isDamaged
    }

    /// Reads a name and says whether it is another's.
    private mutating func passes(_ name: ArraySlice<UInt8>) -> Bool {
        Int(byte()) == name.count && passes(name.span)
    }

    /// Reads a fingerprint, if there is one, and says whether it is another's; without another, all are.
    private mutating func passes(
        _ print: Fingerprint?, _ isThere: Bool, _ mode: UInt16, _ size: Int64, _ mtime: Timestamp,
        _ differences: Differences, _ devices: [UInt64]
    ) -> Bool {
        guard isThere else { return print == nil }
        let modeKept = differences.contains(.mode) ? self.mode() : mode
        let sizeKept = differences.contains(.size) ? Int64(number(upTo: UInt64(Int64.max))) : size
        let mtimeKept = differences.contains(.mtime) ? time() : mtime
        let (ctime, inode, device) = (time(), number(), number())
        guard let print else { return true }
        return modeKept == print.mode && sizeKept == print.size && mtimeKept == print.mtime && ctime == print.ctime
            && inode == print.inode && device < UInt64(devices.count) && devices[Int(device)] == print.device
    }

    private mutating func fingerprint(
        of entry: BaselineEntry, _ differences: Differences, _ devices: [UInt64]
    ) -> Fingerprint? {
        let mode = differences.contains(.mode) ? mode() : entry.mode
        let size = differences.contains(.size) ? Int64(number(upTo: UInt64(Int64.max))) : entry.size
        let mtime = differences.contains(.mtime) ? time() : entry.mtime
        let ctime = time()
        let inode = number()
        let device = number()
        guard device < UInt64(devices.count) else {
            fail()
            return nil
        }
        return Fingerprint(
            mode: mode, size: size, mtime: mtime, ctime: ctime, inode: inode, device: devices[Int(device)])
    }
}

extension BaselineWriter {
    /// Writes one entry of a directory.
    ///
    /// - Parameters:
    ///   - entry: The entry.
    ///   - name: Its name.
    ///   - block: Where the block of what it holds begins, counted from the beginning of the bytes of its parent and all below that; nil
    ///     when it holds nothing.
    ///   - devices: The number of each device.
    mutating func item(
        _ entry: BaselineEntry, name: ArraySlice<UInt8>, block: Int?, devices: (local: UInt64, remote: UInt64)
    ) {
        var parts: Parts = []
        if entry.local != nil { parts.insert(.local) }
        if entry.remote != nil { parts.insert(.remote) }
        if entry.linkGroup != 0 { parts.insert(.group) }
        if !entry.digest.isEmpty { parts.insert(.digest) }
        let (lower, upper) = (Differences(entry.local, from: entry), Differences(entry.remote, from: entry))
        byte(entry.kind.rawValue | parts.rawValue)
        byte(entry.flags.rawValue | (entry.indexDigest.isEmpty ? 0 : indexDigestBit))
        byte(lower.rawValue | upper.rawValue << 4)
        byte(UInt8(name.count))
        bytes.append(contentsOf: name)
        number(UInt64(entry.mode & 0o777))
        switch entry.kind {
        case .file: number(UInt64(max(0, entry.size)))
        case .symlink: string(entry.target)
        case .directory: number(block.map { UInt64($0) + 1 } ?? 0)
        default: break
        }
        time(entry.mtime)
        if let print = entry.local { fingerprint(print, lower, device: devices.local) }
        if let print = entry.remote { fingerprint(print, upper, device: devices.remote) }
        if entry.linkGroup != 0 { number(UInt64(entry.linkGroup)) }
        bytes.append(contentsOf: entry.digest)
        bytes.append(contentsOf: entry.indexDigest)
    }

    private mutating func fingerprint(_ print: Fingerprint, _ differences: Differences, device: UInt64) {
        if differences.contains(.mode) { number(UInt64(print.mode & 0o777)) }
        if differences.contains(.size) { number(UInt64(max(0, print.size))) }
        if differences.contains(.mtime) { time(print.mtime) }
        time(print.ctime)
        number(print.inode)
        number(device)
    }
}
