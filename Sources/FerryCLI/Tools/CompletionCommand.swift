import ArgumentParser

/// `ferry completion`.
struct CompletionCommand: ParsableCommand {
    /// The shells that a script can be made for.
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that completes ferry's commands in a shell.",
        discussion: """
            Example, for bash: ferry completion bash > ~/.local/share/bash-completion/completions/ferry
            """)

    @Argument(help: "The shell: bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        let console = Console()
        console.print(Ferry.completionScript(for: kind))
        try console.close(with: .done)
    }
}
