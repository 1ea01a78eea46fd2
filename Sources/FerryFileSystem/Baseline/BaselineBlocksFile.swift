import FerryCore
import FerryThreads
import Synchronization
import SystemPackage

/// The blocks of a large baseline in its file, of which the parts that were needed last are in memory.
///
/// The file may be replaced meanwhile: what is open here stays what it was.
final class BaselineBlocksFile: BaselineBlockSource {
    let length: Int
    private let file: FileHandle
    private let isBroken = Atomic<Bool>(false)
    /// The windows that were needed last, the latest first.
    private let recent = Monitor<[BaselineWindow]>([])

    /// Large enough for the blocks of many directories, small enough for a few of them not to count.
    private static let windowLength = 256 << 10
    /// A walk is in a directory and in one below it; two walks go through a baseline at a time at most.
    private static let mostWindows = 4

    init(_ file: consuming FileHandle, length: Int) {
        self.file = file
        self.length = length
    }

    var hasFailed: Bool { isBroken.load(ordering: .relaxed) }

    func window(at offset: Int, count: Int) -> BaselineWindow {
        recent.withLock {
            if let index = recent.state.firstIndex(where: { $0.holds(offset, count) }) {
                let window = recent.state.remove(at: index)
                recent.state.insert(window, at: 0)
                return window
            }
            let start = offset / Self.windowLength * Self.windowLength
            let end = (offset + count + Self.windowLength - 1) / Self.windowLength * Self.windowLength
            do throws(Errno) {
                let window = BaselineWindow(bytes: try read(start..<min(end, length)), start: start)
                if recent.state.count == Self.mostWindows { recent.state.removeLast() }
                recent.state.insert(window, at: 0)
                return window
            } catch {
                isBroken.store(true, ordering: .relaxed)
                return BaselineWindow(bytes: [UInt8](repeating: 0, count: count), start: offset)
            }
        }
    }

    private func read(_ range: Range<Int>) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        // It was as long as it said when it was checked.
        guard try file.fill(&bytes, upTo: bytes.count, from: range.lowerBound) == bytes.count else { throw .ioError }
        return bytes
    }
}

extension FileHandle {
    /// Reads bytes from a place on into the front of a buffer.
    ///
    /// - Parameters:
    ///   - buffer: Has room for as many as are wanted.
    ///   - wanted: How many.
    ///   - offset: Where they begin.
    /// - Returns: How many there are: fewer at the file's end only.
    /// - Throws: `Errno`.
    func fill(_ buffer: inout [UInt8], upTo wanted: Int, from offset: Int) throws(Errno) -> Int {
        var filled = 0
        while filled < wanted {
            var all = buffer.mutableSpan
            var rest = all._mutatingExtracting(filled..<wanted)
            let count = try read(into: &rest, at: Int64(offset + filled))
            if count == 0 { break }
            filled += count
        }
        return filled
    }
}

extension BaselineWindow {
    fileprivate func holds(_ offset: Int, _ count: Int) -> Bool {
        offset >= start && offset + count <= start + bytes.count
    }
}
