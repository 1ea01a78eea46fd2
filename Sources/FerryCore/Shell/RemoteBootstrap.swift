/// A short command that takes a session's program from its standard input, for transports whose command lines are too short for it.
///
/// It reads line by line, because `read` takes no byte more than its line from a pipe; whatever else is there to count bytes, such as
/// `head` of BusyBox, reads ahead. What comes behind the program belongs to the program. Without the mark nothing is run: half a
/// program is none.
package enum RemoteBootstrap {
    /// The text of the command.
    ///
    /// Bytes are bytes only in the C locale: elsewhere bash takes a line's end for a part of a character that was begun before it.
    ///
    /// - Parameter nonce: The word that ends the program.
    /// - Returns: Text for `sh -c`.
    package static func text(nonce: RemoteNonce) -> [UInt8] {
        Array(
            """
            LC_ALL=C s= k=
            while IFS= read -r l; do
              case $l in =\(nonce.text)) k=1; break ;; esac
              s="$s$l
            "
            done
            [ -n "$k" ] || exit 66
            eval "$s"
            """.utf8)
    }

    /// What is sent ahead of everything else.
    ///
    /// - Parameters:
    ///   - program: The program, without a NUL.
    ///   - nonce: The word that ends it.
    /// - Returns: The bytes.
    package static func input(_ program: [UInt8], nonce: RemoteNonce) -> [UInt8] {
        program + Array("\n=\(nonce.text)\n".utf8)
    }
}
