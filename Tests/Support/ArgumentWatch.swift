import Foundation
import Synchronization

/// Looks, again and again, at the command lines of all processes of this machine, for a word that must not be there.
package final class ArgumentWatch: Sendable {
    private struct State {
        var found: Set<String> = []
        var rounds = 0
        var isStopped = false
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// Begins to look.
    ///
    /// - Parameter words: Words that must not be there.
    package init(for words: [String]) {
        let needles = words.map { Data($0.utf8) }
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isStopped }) {
                let found = Self.commandLines().filter { line in needles.contains { line.range(of: $0) != nil } }
                state.withLock {
                    for line in found { $0.found.insert(String(decoding: line, as: UTF8.self)) }
                    $0.rounds += 1
                }
            }
            state.withLock { $0.hasEnded = true }
        }
    }

    /// Waits until all processes were looked at once more.
    package func look() {
        let round = state.withLock { $0.rounds }
        while state.withLock({ $0.rounds < round + 2 && !$0.hasEnded }) { Thread.sleep(forTimeInterval: 0.005) }
    }

    /// Stops.
    ///
    /// - Returns: The command lines that held one of the words.
    package func stop() -> Set<String> {
        look()
        return state.withLock {
            $0.isStopped = true
            return $0.found
        }
    }

    private static func commandLines() -> [Data] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { $0.allSatisfy(\.isNumber) }.compactMap {
            FileManager.default.contents(atPath: "/proc/\($0)/cmdline")
        }
    }
}
