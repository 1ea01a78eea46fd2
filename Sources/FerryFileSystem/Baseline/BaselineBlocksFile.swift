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
        var filled = 0
        while filled < bytes.count {
            var rest = bytes.mutableSpan
            var window = rest._mutatingExtracting(filled...)
            let count = try file.read(into: &window, at: Int64(range.lowerBound + filled))
            // It was as long as it said when it was checked.
            guard count > 0 else { throw .ioError }
            filled += count
        }
        return bytes
    }
}

extension BaselineWindow {
    fileprivate func holds(_ offset: Int, _ count: Int) -> Bool {
        offset >= start && offset + count <= start + bytes.count
    }
}
