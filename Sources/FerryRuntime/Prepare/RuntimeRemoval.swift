import FerryCore

/// The script that removes a runtime's directories in a sandbox.
enum RuntimeRemoval {
    /// The file that keeps a runtime directory out of version control.
    static let marker = TerminatedName(unchecked: Array(".gitignore\0".utf8)[...])

    /// Removes without following a link, makes what cannot be written writable first, and fails when something is still there.
    ///
    /// The workspace's directory may be gone; the runtime directory may be gone, but a link in its place is not ours to follow.
    private static let head = #"""
        [ -d "$w" ] || exit 0
        cd "$w" || exit 3
        [ ! -L "./$d" ] || { echo "a link stands in the place of the runtime directory" >&2; exit 4; }
        r=0
        gone() {
            [ -e "$1" ] || [ -L "$1" ] || return 0
            [ -L "$1" ] || chmod -R u+rwX "$1" 2>/dev/null
            rm -rf "$1" || r=5
            if [ -e "$1" ] || [ -L "$1" ]; then r=5; fi
        }

        """#

    private static let tail = #"""
        if [ "$(ls -A "./$d" 2>/dev/null)" = .gitignore ]; then rm -f "./$d/.gitignore"; fi
        rmdir "./$d" 2>/dev/null

        """#

    /// Makes the script.
    ///
    /// - Parameters:
    ///   - names: What to remove in the runtime root; nil: it itself, and the runtime directory when nothing else is in it.
    ///   - runtimeDirectory: The runtime directory's name.
    ///   - adapter: The runtime root's name in it.
    ///   - remote: The workspace's directory.
    /// - Returns: A script for `sh`.
    static func script(
        _ names: [TerminatedName]?, in runtimeDirectory: TerminatedName, _ adapter: TerminatedName,
        below remote: [UInt8]
    ) -> [UInt8] {
        var text = Array("w=".utf8) + ShellText.quoted(remote)
        text += Array("\nd=".utf8) + ShellText.quoted(Array(runtimeDirectory.bytes))
        text += Array("\na=".utf8) + ShellText.quoted(Array(adapter.bytes)) + [0x0A]
        text += Array(head.utf8)
        guard let names else {
            return text + Array(#"gone "./$d/$a""#.utf8) + [0x0A] + Array(tail.utf8) + Array("exit $r".utf8)
        }
        text += Array(#"[ ! -L "./$d/$a" ] || exit 4"#.utf8) + [0x0A]
        for name in names {
            text += Array(#"gone "./$d/$a"/"#.utf8) + ShellText.quoted(Array(name.bytes)) + [0x0A]
        }
        return text + Array("exit $r".utf8)
    }
}
