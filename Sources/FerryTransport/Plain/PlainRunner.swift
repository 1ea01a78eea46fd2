import FerryCore

/// The program around a command of a ``PlainSandbox``: it feeds the command from files, keeps its output in files, and prints one line.
///
/// The line is all that is expected of the client's way to return an output, and it carries a word that only this run knows: a
/// result that was lost, cut or belongs to something else is not taken for one.
enum PlainRunner {
    /// The most bytes of text around a command.
    static let mostOverhead = 3 << 10

    /// The file that is written for a command.
    ///
    /// - Parameters:
    ///   - command: The command's text, for `sh`.
    ///   - nonce: A word that no line of it is.
    /// - Returns: A shell script.
    static func text(_ command: [UInt8], nonce: RemoteNonce) -> [UInt8] {
        Array(prologue.utf8) + Array("program() { cat <<'=\(nonce.text)'\n".utf8) + command
            + Array("\n=\(nonce.text)\n}\n".utf8) + Array(body.utf8)
    }

    /// Arguments: the run's number, how many files its input is in, their size and that of the last, the run's word, the size and the
    /// number of the blocks of a piece of output, and `alone` when the files of all runs with smaller numbers can go.
    ///
    /// Who runs commands need not be whom files belong to that the client writes: then what is made here goes beside their directory.
    private static let prologue = #"""
        d=${0%/*} k=$1 n=$2 b=$3 l=$4 w=$5 u=$6 v=$7 o=$d
        dd if=/dev/null of=/dev/null bs=1 count=1 iflag=fullblock >/dev/null 2>&1 || {
          echo 'there is no dd that knows iflag=fullblock' >&2
          exit 127
        }
        if ! [ -w "$d" ]; then
          o=$d.out
          mkdir -p "$o" || exit 1
        fi
        if [ "$8" = alone ]; then
          for i in "$d"/[0-9]*.* "$o"/[0-9]*.*; do
            j=${i##*/}
            if [ "$i" != "$0" ] && [ "${j%%.*}" -lt "$k" ] 2>/dev/null; then rm -f "$i" 2>/dev/null; fi
          done
        fi
        i=0
        while [ "$i" -lt "$n" ]; do
          i=$((i + 1)) s=$b
          if [ "$i" = "$n" ]; then s=$l; fi
          if ! [ "$(wc -c <"$d/$k.i$i")" -eq "$s" ] 2>/dev/null; then
            echo "$w lost $i"
            exit 0
          fi
        done

        """#

    /// The status of each stage goes by descriptor 4, and errors by descriptor 3: neither needs a disk that may be full.
    private static let body = #"""
        program >"$o/$k.p" || exit 1
        feed() {
          i=0
          while [ "$i" -lt "$n" ]; do
            i=$((i + 1))
            cat "$d/$k.i$i" || return
            rm -f "$d/$k.i$i" 2>/dev/null
          done
        }
        keep() {
          c=0
          while :; do
            m=$(dd bs="$u" count="$v" iflag=fullblock of="$o/$k.o$c" 2>&1)
            e=$?
            if [ "$e" != 0 ]; then printf '%s\n' "$m" >&3; break; fi
            [ -s "$o/$k.o$c" ] || break
            c=$((c + 1))
          done
          echo "c$c z$e" >&4
        }
        x=$( { { feed 2>&3 4>&- | { sh "$o/$k.p" 2>&3 3>&- 4>&-; echo "s$?" >&4; } | keep; } 3>&1 >/dev/null |
          tail -c 4000 >"$o/$k.e" 4>&-; } 4>&1 )
        s= z= c=0
        for i in $x; do
          case $i in s*) s=${i#s} ;; z*) z=${i#z} ;; c*) c=${i#c} ;; esac
        done
        l=0
        if [ "$c" != 0 ]; then l=$(wc -c <"$o/$k.o$((c - 1))"); fi
        e=$(wc -c <"$o/$k.e")
        i=here
        if [ "$o" != "$d" ]; then i=beside; fi
        echo "$w" done "$s" "$z" "$c" $l $e "$i"
        exit 0

        """#
}

/// What the line of a ``PlainRunner`` says.
enum PlainReply: Equatable {
    /// The command has ended.
    case done(Outcome)
    /// A file of the input was not there or had another size; nothing was run.
    case lost(piece: Int)

    struct Outcome: Equatable {
        /// The command's exit status.
        var status: Int32
        /// Whether all of its output was kept.
        var isKept: Bool
        /// The number of files that hold it.
        var pieces: Int
        /// The size of the last of them.
        var lastSize: Int
        /// The size of what it printed on standard error, or of the end of that.
        var errorSize: Int
        /// Whether files are beside the directory instead of in it.
        var isBeside: Bool
    }

    /// Looks for the line in what a client returned.
    ///
    /// - Parameters:
    ///   - output: What the client returned.
    ///   - nonce: The run's word.
    /// - Returns: Nil when there is none, or there are two that differ.
    static func find(in output: [UInt8], nonce: RemoteNonce) -> PlainReply? {
        let lines = Set(
            output.split { $0 == 0x0A || $0 == 0x0D }.filter { $0.starts(with: (nonce.text + " ").utf8) })
        guard lines.count == 1, let line = lines.first else { return nil }
        let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        switch words[1...].first {
        case "lost" where words.count == 3: return Int(words[2]).map { .lost(piece: $0) }
        case "done" where words.count == 8:
            guard let status = Int32(words[2]), let kept = Int(words[3]), let pieces = Int(words[4]), pieces >= 0,
                let last = Int(words[5]), let errors = Int(words[6]), ["here", "beside"].contains(words[7])
            else { return nil }
            return .done(
                Outcome(
                    status: status, isKept: kept == 0, pieces: pieces, lastSize: last, errorSize: errors,
                    isBeside: words[7] == "beside"))
        default: return nil
        }
    }
}
