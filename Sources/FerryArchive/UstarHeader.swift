import FerryCore

// SAFETY: holds a pointer to a whole block inside a `ByteBuffer` that is exclusively accessed for as long as this value lives;
// every write below is to a constant offset or is clipped to its field.
/// Writes one ustar header block field by field, as libarchive's pax writer lays it out.
@safe
struct UstarHeader: ~Copyable {
    /// Kinds of member as the type flag spells them.
    enum TypeFlag {
        static let file = UInt8(ascii: "0")
        static let hardLink = UInt8(ascii: "1")
        static let symlink = UInt8(ascii: "2")
        static let directory = UInt8(ascii: "5")
        static let extended = UInt8(ascii: "x")
        static let longName = UInt8(ascii: "L")
        static let longLink = UInt8(ascii: "K")
    }

    /// The largest number of a field of eleven octal digits.
    static let largestOctal: Int64 = 0o777_7777_7777
    static let nameSize = 100
    static let prefixSize = 155

    private let block: UnsafeMutablePointer<UInt8>

    /// Starts a header in a block; `advance` on the buffer is up to the caller.
    @unsafe
    init(at block: UnsafeMutablePointer<UInt8>) {
        unsafe self.block = block
        unsafe block.update(repeating: 0, count: TarBlock.size)
        // "ustar\0" and version "00".
        let magic = UInt64(littleEndian: 0x3030_0072_6174_7375)
        unsafe UnsafeMutableRawPointer(block).storeBytes(of: magic, toByteOffset: 257, as: UInt64.self)
        // The owner's and the device's numbers: "000000 \0".
        let zero = UInt64(littleEndian: 0x0020_3030_3030_3030)
        unsafe UnsafeMutableRawPointer(block).storeBytes(of: zero, toByteOffset: 108, as: UInt64.self)
        unsafe UnsafeMutableRawPointer(block).storeBytes(of: zero, toByteOffset: 116, as: UInt64.self)
        unsafe UnsafeMutableRawPointer(block).storeBytes(of: zero, toByteOffset: 329, as: UInt64.self)
        unsafe UnsafeMutableRawPointer(block).storeBytes(of: zero, toByteOffset: 337, as: UInt64.self)
    }

    /// Six octal digits, a space, a NUL.
    private func setShortNumber(_ value: UInt32, at offset: Int) {
        var rest = value
        for index in stride(from: 5, through: 0, by: -1) {
            unsafe block[offset + index] = UInt8(ascii: "0") | UInt8(truncatingIfNeeded: rest & 7)
            rest >>= 3
        }
        unsafe block[offset + 6] = UInt8(ascii: " ")
    }

    /// Whom the member belongs to: six octal digits each, base-256 for what does not fit.
    func set(owner: RemoteOwner) {
        for (number, offset) in [(owner.user, 108), (owner.group, 116)] where number != 0 {
            guard number > 0o777_777 else {
                setShortNumber(number, at: offset)
                continue
            }
            for index in 0..<8 {
                let shift = UInt64(8 * (7 - index))
                unsafe block[offset + index] = UInt8(truncatingIfNeeded: UInt64(number) >> shift)
            }
            unsafe block[offset] |= 0x80
        }
    }

    /// Eleven octal digits and a space; base-256 for what does not fit.
    private func setLongNumber(_ value: Int64, at offset: Int) {
        var rest = value
        guard value >= 0 && value <= UstarHeader.largestOctal else {
            for index in stride(from: 11, through: 1, by: -1) {
                unsafe block[offset + index] = UInt8(truncatingIfNeeded: rest)
                rest >>= 8
            }
            unsafe block[offset] = value < 0 ? 0xFF : 0x80
            return
        }
        for index in stride(from: 10, through: 0, by: -1) {
            unsafe block[offset + index] = UInt8(ascii: "0") | UInt8(truncatingIfNeeded: rest & 7)
            rest >>= 3
        }
        unsafe block[offset + 11] = UInt8(ascii: " ")
    }

    func setName(_ bytes: Span<UInt8>) { copy(bytes, to: 0, limit: UstarHeader.nameSize) }
    func setPrefix(_ bytes: Span<UInt8>) { copy(bytes, to: 345, limit: UstarHeader.prefixSize) }
    func setLinkTarget(_ bytes: Span<UInt8>) { copy(bytes, to: 157, limit: UstarHeader.nameSize) }

    func set(mode: UInt16, size: Int64, seconds: Int64, typeFlag: UInt8) {
        setShortNumber(UInt32(mode), at: 100)
        setLongNumber(size, at: 124)
        setLongNumber(seconds, at: 136)
        unsafe block[156] = typeFlag
    }

    /// Adds up the block and writes the sum; the last thing to do.
    consuming func seal() {
        // PERF: the rest of the block is NULs, and mostly a link's target and the prefix are, too.
        let start = unsafe UnsafeRawPointer(block)
        var sum = unsafe TarBlock.sum(of: start, in: 0..<160)
        if unsafe block[157] != 0 { sum += unsafe TarBlock.sum(of: start, in: 160..<256) }
        sum += unsafe TarBlock.sum(of: start, in: 256..<272)
        sum += unsafe TarBlock.sum(of: start, in: 328..<352)
        if unsafe block[345] != 0 { sum += unsafe TarBlock.sum(of: start, in: 352..<504) }
        // It counts its own eight bytes as spaces; they are NULs here.
        setShortNumber(8 * 0x20 + sum, at: 148)
        unsafe block[154] = 0
        unsafe block[155] = UInt8(ascii: " ")
    }

    private func copy(_ bytes: Span<UInt8>, to offset: Int, limit: Int) {
        let number = min(bytes.count, limit)
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (block + offset).update(from: start, count: number)
        }
    }
}

/// Where a path is cut into ustar's prefix and name.
enum UstarSplit {
    /// All of it fits the name field.
    case whole
    /// The slash at this index separates the prefix from the name.
    case at(Int)
    /// It does not fit.
    case none

    /// Cuts the longest tail that fits the name field, as libarchive does.
    init(_ path: Span<UInt8>) {
        guard path.count > UstarHeader.nameSize else {
            self = .whole
            return
        }
        var index = max(path.count - UstarHeader.nameSize - 1, 1)
        while index < path.count && path[index] != UInt8(ascii: "/") { index += 1 }
        self = index >= path.count - 1 || index > UstarHeader.prefixSize ? .none : .at(index)
    }
}

extension UstarHeader {
    /// Puts a path into the name field, or into the prefix and name fields, or clips it.
    func setPath(_ path: Span<UInt8>, split: UstarSplit) {
        switch split {
        case .whole, .none:
            setName(path)
        case .at(let slash):
            setPrefix(path.extracting(0..<slash))
            setName(path.extracting((slash + 1)..<path.count))
        }
    }
}

/// The names that libarchive gives to the blocks that belong to a member: `dir/PaxHeader/name`.
enum CompanionName {
    /// Sets the buffer to the companion's name.
    ///
    /// The directory part is shortened to what ustar's two name fields hold, the file name to what remains.
    ///
    /// - Parameters:
    ///   - insert: The directory that is put before the file's name.
    ///   - path: The member's path without a trailing slash; not empty.
    ///   - buffer: Where the name goes.
    static func build(inserting insert: StaticString, into path: Span<UInt8>, buffer: inout ByteBuffer) {
        let slash = UInt8(ascii: "/")
        // Both fields are used up to one byte less than they hold, and the insert costs its two slashes.
        var room = UstarHeader.nameSize - 2 - insert.utf8CodeUnitCount - 2
        var nameStart = path.count
        while nameStart > 0 && path[nameStart - 1] != slash { nameStart -= 1 }
        let nameEnd = min(path.count, nameStart + room)
        room -= nameEnd - nameStart
        var prefixEnd = min(UstarHeader.prefixSize - 1, nameStart)
        while prefixEnd > 0 && path[prefixEnd] != slash { prefixEnd -= 1 }
        if prefixEnd < nameStart && path[prefixEnd] == slash { prefixEnd += 1 }
        var directoryEnd = min(prefixEnd + room, nameStart)
        while directoryEnd > prefixEnd && path[directoryEnd] != slash { directoryEnd -= 1 }
        if directoryEnd < nameStart && path[directoryEnd] == slash { directoryEnd += 1 }
        buffer.removeAll()
        buffer.append(path.extracting(0..<directoryEnd))
        buffer.append(insert)
        buffer.append(slash)
        buffer.append(path.extracting(nameStart..<nameEnd))
    }
}
