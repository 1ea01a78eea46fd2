@testable import FerryCore

/// The blocks of a baseline as if they were in a file: each time no more of them than was asked for.
struct NarrowBlocks: BaselineBlockSource {
    let length: Int
    private let bytes: [UInt8]
    let hasFailed = false

    func window(at offset: Int, count: Int) -> BaselineWindow {
        BaselineWindow(bytes: Array(bytes[offset..<(offset + count)]), start: offset)
    }

    /// A baseline that is the same, but for where its blocks are.
    static func baseline(_ baseline: Baseline) -> Baseline {
        let encoded = baseline.encoded()
        guard let length = try? Baseline.Footer(encoded).blocksLength,
            let copy = try? Baseline(
                ending: Array(encoded[length...]), blocks: NarrowBlocks(length: length, bytes: encoded))
        else { return baseline }
        return copy
    }
}

extension Baseline {
    /// What comes first in the encoded form.
    var encodedBlocks: [UInt8] {
        var bytes: [UInt8] = []
        withEncodedBlocks { bytes += $0 }
        return bytes
    }
}
