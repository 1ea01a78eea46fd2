import FerryCore
import Synchronization
import SystemPackage

/// Where all output goes: data to standard output, everything else to standard error, and one line of progress that makes
/// room for both.
final class Console: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var progressLine = ""
        var failure: Errno?
    }

    private let state = Mutex(State())
    private let data: FileDescriptor
    private let buffers: Bool
    /// Whether messages are coloured.
    let usesColor: Bool
    /// Whether standard error is a terminal on which a line can be redrawn.
    let canRedraw: Bool

    /// Makes a console.
    ///
    /// - Parameters:
    ///   - color: When to colour.
    ///   - dataToStandardError: Whether standard output belongs to something else.
    init(color: ColorChoice = .auto, dataToStandardError: Bool = false) {
        data = dataToStandardError ? .standardError : .standardOutput
        buffers = !Terminal.isTerminal(data.rawValue)
        let isTerminal = Terminal.isTerminal(FileDescriptor.standardError.rawValue)
        let isDumb = ProcessInput.environment("TERM").map { $0.elementsEqual("dumb".utf8) } ?? true
        canRedraw = isTerminal && !isDumb
        usesColor =
            switch color {
            case .always: true
            case .never: false
            case .auto: canRedraw && ProcessInput.environment("NO_COLOR") == nil
            }
    }

    /// Prints a line of data.
    func print(_ line: String) {
        state.withLock { state in
            eraseProgress(&state)
            state.pending.append(contentsOf: line.utf8)
            state.pending.append(UInt8(ascii: "\n"))
            // Large enough that a long listing costs few calls.
            if !buffers || state.pending.count >= 64 << 10 { flush(&state) }
            drawProgress(&state)
        }
    }

    /// Prints bytes as they are; on a terminal with `\ooo` for what could do something to it.
    func print(bytes: [UInt8]) {
        let isPlain = buffers || bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A || $0 == 0x09 }
        state.withLock { state in
            eraseProgress(&state)
            if isPlain {
                state.pending += bytes
            } else {
                let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
                    line.split(separator: 0x09, omittingEmptySubsequences: false).map { displayName(of: $0) }
                        .joined(separator: "\t")
                }
                state.pending += Array(lines.joined(separator: "\n").utf8)
            }
            if !buffers || state.pending.count >= 64 << 10 { flush(&state) }
            drawProgress(&state)
        }
    }

    /// Writes the data that is pending, for who waits for it.
    func flush() { state.withLock { flush(&$0) } }

    /// Prints a message on standard error.
    func message(_ line: String) {
        state.withLock { state in
            flush(&state)
            eraseProgress(&state)
            send(line + "\n")
            drawProgress(&state)
        }
    }

    /// What went wrong, in red.
    func error(_ text: String) { labelled("error", color: 31, text) }

    /// What the user should know, in yellow.
    func warning(_ text: String) { labelled("warning", color: 33, text) }

    /// What may help.
    func note(_ text: String) { labelled("note", color: 36, text) }

    /// A message with a coloured label.
    func labelled(_ label: String, color: Int, _ text: String) {
        message(usesColor ? "\u{1B}[1;\(color)m\(label):\u{1B}[0m \(text)" : "\(label): \(text)")
    }

    /// Replaces the line of progress; an empty one removes it.
    func showProgress(_ line: String) {
        state.withLock { state in
            eraseProgress(&state)
            state.progressLine = line
            drawProgress(&state)
        }
    }

    /// Writes what is pending.
    ///
    /// - Returns: Why data could not be written; nil when all of it was.
    func finish() -> Errno? {
        state.withLock { state in
            eraseProgress(&state)
            state.progressLine = ""
            flush(&state)
            return state.failure
        }
    }

    private func flush(_ state: inout State) {
        guard !state.pending.isEmpty else { return }
        if state.failure == nil {
            do {
                try data.writeAll(state.pending)
            } catch {
                state.failure = error as? Errno ?? .ioError
            }
        }
        state.pending.removeAll(keepingCapacity: true)
    }

    private func eraseProgress(_ state: inout State) {
        if !state.progressLine.isEmpty { send("\r\u{1B}[K") }
    }

    private func drawProgress(_ state: inout State) {
        if !state.progressLine.isEmpty { send(state.progressLine) }
    }

    /// Nobody can be told when standard error fails.
    private func send(_ text: String) { _ = try? FileDescriptor.standardError.writeAll(text.utf8) }
}
