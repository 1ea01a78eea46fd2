/// Finds the fewest lines that have to go and to come to make one text another: Myers' algorithm in its form that needs
/// memory only for a line of the other text, not for a table of both.
///
/// `CollectionDifference` of the standard library is the same algorithm, but keeps every step of its search, which are gigabytes for
/// two different files of some ten thousand lines.
struct DiffLines {
    /// For each line of the old text, whether it goes.
    private(set) var deleted: [Bool]
    /// For each line of the new text, whether it comes.
    private(set) var inserted: [Bool]

    /// More steps than that are not worth their time: what is left then counts as replaced as a whole.
    static let mostSteps = 50_000_000

    /// The lines of the old text that the new one has too, as numbers that stand for their content.
    private let old: [Int32]
    private let new: [Int32]
    /// Where those are in the whole texts.
    private let oldPlaces: [Int]
    private let newPlaces: [Int]
    private var forward: [Int]
    private var backward: [Int]
    private var stepsLeft: Int

    /// Two corners in the grid of both texts.
    private struct Box {
        var left: Int
        var top: Int
        var right: Int
        var bottom: Int
    }

    /// Compares.
    ///
    /// - Parameters:
    ///   - old: The lines of the old text.
    ///   - new: The lines of the new text.
    ///   - steps: How long to search.
    init(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>], steps: Int = DiffLines.mostSteps) {
        deleted = Array(repeating: true, count: old.count)
        inserted = Array(repeating: true, count: new.count)
        var numbers: [ArraySlice<UInt8>: Int32] = [:]
        func number(_ line: ArraySlice<UInt8>) -> Int32 {
            if let number = numbers[line] { return number }
            let number = Int32(truncatingIfNeeded: numbers.count)
            numbers[line] = number
            return number
        }
        let oldNumbers = old.map(number)
        let newNumbers = new.map(number)
        // A line that the other text does not have cannot be kept, and need not be searched for.
        var isInOld = [Bool](repeating: false, count: numbers.count)
        var isInNew = isInOld
        for line in oldNumbers { isInOld[Int(line)] = true }
        for line in newNumbers { isInNew[Int(line)] = true }
        oldPlaces = oldNumbers.indices.filter { isInNew[Int(oldNumbers[$0])] }
        newPlaces = newNumbers.indices.filter { isInOld[Int(newNumbers[$0])] }
        self.old = oldPlaces.map { oldNumbers[$0] }
        self.new = newPlaces.map { newNumbers[$0] }
        let reach = self.old.count + self.new.count + 3
        forward = Array(repeating: 0, count: 2 * reach + 1)
        backward = forward
        stepsLeft = steps
        run()
    }

    private mutating func run() {
        var boxes = [Box(left: 0, top: 0, right: old.count, bottom: new.count)]
        while var box = boxes.popLast() {
            while box.left < box.right, box.top < box.bottom, old[box.left] == new[box.top] {
                keep(box.left, box.top)
                box.left += 1
                box.top += 1
            }
            while box.left < box.right, box.top < box.bottom, old[box.right - 1] == new[box.bottom - 1] {
                keep(box.right - 1, box.bottom - 1)
                box.right -= 1
                box.bottom -= 1
            }
            guard box.left < box.right, box.top < box.bottom, let middle = middle(of: box) else { continue }
            boxes.append(Box(left: box.left, top: box.top, right: middle.left, bottom: middle.top))
            boxes.append(Box(left: middle.right, top: middle.bottom, right: box.right, bottom: box.bottom))
            keepAlong(middle)
        }
    }

    private mutating func keep(_ line: Int, _ other: Int) {
        deleted[oldPlaces[line]] = false
        inserted[newPlaces[other]] = false
    }

    /// Keeps the lines of a run of equal ones that has one change at its begin or at its end.
    private mutating func keepAlong(_ run: Box) {
        var (x, y) = (run.left, run.top)
        func isChangeNext() -> Bool { x - run.left == y - run.top && run.right - run.left != run.bottom - run.top }
        while x < run.right || y < run.bottom {
            if x < run.right, y < run.bottom, old[x] == new[y] {
                keep(x, y)
                x += 1
                y += 1
            } else if isChangeNext(), run.right - run.left > run.bottom - run.top {
                x += 1
            } else {
                y += 1
            }
        }
    }

    /// A run of equal lines, with one change before or behind it, in the middle of a shortest way through a box; nil when the search
    /// takes too long.
    private mutating func middle(of box: Box) -> Box? {
        let (width, height) = (box.right - box.left, box.bottom - box.top)
        let delta = width - height
        let origin = forward.count / 2
        forward[origin + 1] = box.left
        backward[origin + 1] = box.bottom
        for depth in 0...((width + height + 1) / 2) {
            stepsLeft -= depth + 1
            guard stepsLeft > 0 else { return nil }
            for k in stride(from: depth, through: -depth, by: -2) {
                let comes = k == -depth || (k != depth && forward[origin + k - 1] < forward[origin + k + 1])
                let start = comes ? forward[origin + k + 1] : forward[origin + k - 1]
                var x = comes ? start : start + 1
                var y = box.top + (x - box.left) - k
                let startY = depth == 0 || x != start ? y : y - 1
                while x < box.right, y < box.bottom, old[x] == new[y] {
                    x += 1
                    y += 1
                }
                forward[origin + k] = x
                let c = k - delta
                if delta % 2 != 0, abs(c) <= depth - 1, y >= backward[origin + c] {
                    return Box(left: start, top: startY, right: x, bottom: y)
                }
            }
            for c in stride(from: depth, through: -depth, by: -2) {
                let k = c + delta
                let goes = c == -depth || (c != depth && backward[origin + c - 1] > backward[origin + c + 1])
                let end = goes ? backward[origin + c + 1] : backward[origin + c - 1]
                var y = goes ? end : end - 1
                var x = box.left + (y - box.top) + k
                let endX = depth == 0 || y != end ? x : x + 1
                while x > box.left, y > box.top, old[x - 1] == new[y - 1] {
                    x -= 1
                    y -= 1
                }
                backward[origin + c] = y
                if delta % 2 == 0, abs(k) <= depth, x <= forward[origin + k] {
                    return Box(left: x, top: y, right: endX, bottom: end)
                }
            }
        }
        return nil
    }
}
