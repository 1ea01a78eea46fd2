/// The program that one session runs in a sandbox: a POSIX shell script that probes, answers requests, then sends or receives.
///
/// It reads requests line by line from its standard input. Lists follow as pieces: a line `piece N`, then N bytes that one `dd`
/// takes exactly, because `head` of BusyBox reads ahead; a line `end TOTAL` closes a list. Answers are strings that each end with
/// a NUL; marks among them carry the nonce. Nothing that a name holds is ever a part of the text of a command.
package enum RemoteScript {
    /// The version of the dialogue.
    package static let version = 1
    /// The most bytes in one piece.
    package static let largestPiece = 1 << 20
    /// The most bytes in one piece of a stream where pieces are passed on while they come.
    ///
    /// Each piece starts a `dd`, and nothing flows meanwhile.
    package static let longestStreamPiece = 4 << 20

    /// The text of the command.
    ///
    /// - Parameters:
    ///   - root: The directory that it works in.
    ///   - nonce: The word that its marks carry.
    /// - Returns: Text for `sh -c`.
    package static func text(root: RemoteRoot, nonce: RemoteNonce) -> [UInt8] {
        var text: [UInt8] = []
        text += ShellText.assignment("n", nonce.text.utf8)
        text += Array("h=\(version)\n".utf8)
        text += Array(settings.utf8)
        text += Array("r=".utf8) + root.word + [0x0A]
        if case .belowHome = root { text += Array("[ -n \"${HOME-}\" ] || r=\n".utf8) }
        for (name, program) in RemotePrograms.all { text += ShellText.assignment(name, program.utf8) }
        for part in [tools, probe, listing, digests, sending, steps, receiving, dialogue] { text += Array(part.utf8) }
        return text
    }

    // MARK: Parts

    /// A known environment: every tool's messages and numbers are the C locale's, times are in UTC, and no variable of the
    /// sandbox's user adds an option to a tool.
    private static let settings = #"""
        LC_ALL=C TZ=UTC0; export LC_ALL TZ
        unset TAR_OPTIONS TAR_READER_OPTIONS TAR_WRITER_OPTIONS GZIP ZSTD_CLEVEL ZSTD_NBTHREADS POSIXLY_CORRECT CDPATH IFS \
          BLOCK_SIZE BLOCKSIZE DF_BLOCK_SIZE LS_BLOCK_SIZE QUOTING_STYLE PERL5OPT PERL5LIB PERL5DB
        m=$(umask)
        umask 0
        cd /
        exec 3>&1

        """#

    /// `take N` passes on exactly N bytes of standard input; `pieces` passes on a list and notes its length.
    ///
    /// BusyBox's `date` knows no fractions, and what was written in a second that is not over could not be trusted: there the
    /// directory of a process that has just begun tells the time.
    ///
    /// A `dd` that counts bytes passes a piece on while it comes, others take it in whole first. Whether it reads not one byte too
    /// many is tried, because a lost byte would be a broken stream.
    private static let tools = #"""
        say() { printf '=%s %s\0' "$n" "$1"; }
        clock() {
          i=$(date +%s.%N 2>/dev/null)
          case ${i:-N} in *[!0-9.]*)
            x=$(stat -c %z /proc/self/. 2>/dev/null)
            case $x in *-*-*' '*:*:*.*' +0000') i=$x ;; esac ;;
          esac
          say "clock $i"
        }
        has() { command -v "$1" >/dev/null 2>&1; }
        runs() { [ "$("$@" 2>/dev/null </dev/null)" = 1 ]; }
        fail() { say "failed $1"; exit 1; }
        q= d=
        x=$(printf 'abc\n' | { dd of=/dev/null bs=2 count=1 iflag=fullblock,count_bytes status=none 2>&1; read -r x; echo "$x"; })
        if [ "$x" = bc ]; then d=2 q=status=none
        else
          if dd if=/dev/null of=/dev/null bs=1 count=1 iflag=fullblock >/dev/null 2>&1; then d=1; fi
          if dd if=/dev/null of=/dev/null bs=1 count=1 status=none >/dev/null 2>&1; then q=status=none; fi
        fi
        take() {
          if [ "$d" = 2 ]; then dd bs=65536 count="$1" iflag=fullblock,count_bytes "$q"
          elif [ -z "$d" ]; then dd bs=1 count="$1" 2>/dev/null
          elif [ -n "$q" ]; then dd bs="$1" count=1 iflag=fullblock "$q"
          else dd bs="$1" count=1 iflag=fullblock 2>/dev/null; fi
        }
        pieces() {
          while read -r pk pn; do
            case $pk in
            piece) take "$pn" || return 1 ;;
            end) total=$pn; return 0 ;;
            *) return 1 ;;
            esac
          done
          return 1
        }

        """#

    /// What is asked is only what a step needs: starting python3 takes longer than all the rest.
    ///
    /// The greeting comes before everything that takes time: when it arrives says how far away the sandbox is.
    private static let probe = #"""
        say "hello $h"
        t= tk=none bx=
        for c in tar bsdtar gtar; do if has $c; then t=$c; break; fi; done
        if [ -z "$t" ] && has busybox && busybox tar --version >/dev/null 2>&1 </dev/null; then t='busybox tar'; fi
        if [ -n "$t" ]; then
          case $($t --version 2>&1 </dev/null) in
          *'GNU tar'*) tk=gnu ;;
          *bsdtar*) tk=bsd
            if $t --no-xattrs --no-acls --no-fflags -cf /dev/null -T /dev/null >/dev/null 2>&1; then
              bx='--no-xattrs --no-acls --no-fflags'
            fi ;;
          *[Bb]usy[Bb]ox*) tk=busybox ;;
          *) tk=other ;;
          esac
        fi
        xa=; if [ "$(printf 'a\0' | xargs -0 sh -c 'printf %s "$0"' 2>/dev/null)" = a ]; then xa=1; fi
        l=none f='%f %s %i %h %d %u %g %y %z'
        if [ "$(find / -ignore_readdir_race -maxdepth 0 -readable -executable -printf 1 2>/dev/null)" = 1 ]; then l=find
        elif has python3 && runs python3 -I -S -c 'print(1)'; then l=python3
        elif has perl && runs perl -e 'use Fcntl ":mode"; print 1'; then l=perl
        elif [ -n "$xa" ] && has find; then
          case $(stat -c "$f" / 2>/dev/null) in
          *-*-*' '*:*:*.*' +0000') l=stat ;;
          ?*' '*) f='%f %s %i %h %d %u %g %Y %Z' l=stat ;;
          esac
        fi
        c=none
        if [ -n "$xa" ] && has sha256sum; then c=sha256sum
        elif has python3 && runs python3 -I -S -c 'import hashlib; print(1)'; then c=python3
        elif has perl && runs perl -MDigest::SHA -e 'print 1'; then c=perl
        fi
        state() {
          if [ -z "$r" ]; then echo nohome; return; fi
          if [ -d "$r" ]; then
            if [ -r "$r" ] && [ -x "$r" ]; then echo directory; else echo unreadable; fi
            return
          fi
          if [ -e "$r" ] || [ -L "$r" ]; then echo other; return; fi
          p=$r
          while p=${p%/*}; [ -n "$p" ] && ! [ -e "$p" ] && ! [ -L "$p" ]; do :; done
          if ! [ -d "${p:-/}" ]; then echo other; elif [ -x "${p:-/}" ]; then echo missing; else echo unreadable; fi
        }
        probe() {
          printf 'uid=%s\0' "$(id -u 2>/dev/null)"
          printf 'home=%s\0' "${HOME-}"
          printf 'tar=%s\0listing=%s\0digest=%s\0xargs=%s\0' "$tk" "$l" "$c" "$xa"
          if has gzip; then printf 'gzip=1\0'; fi
          if has zstd; then printf 'zstd=1\0'; fi
          if [ -n "$d" ]; then printf 'pieces=%s\0' "$d"; fi
          b= some=
          if [ -r /proc/sys/kernel/random/boot_id ]; then read -r b </proc/sys/kernel/random/boot_id; fi
          printf 'boot=%s\0' "$b"
          s=$(state)
          if [ "$s" = directory ] && cd -P "$r"; then
            printf 'line=%s\0' "$(ls -dni . 2>/dev/null)"
            printf 'device=%s\0' "$(stat -c %d . 2>/dev/null)"
            if [ "$( { ls -A . 2>/dev/null && echo /; } | head -c 1)" = / ]; then printf 'empty=1\0'; else some=1; fi
            if [ -w . ]; then printf 'writable=1\0'; fi
            printf 'space=%s\0' "$(df -P -k . 2>/dev/null | tail -n 1)"
            printf 'inodes=%s\0' "$(df -P -i . 2>/dev/null | tail -n 1)"
          fi
          printf 'root=%s\0' "$s"
          say ready
        }

        """#

    /// `scan` tells of the whole tree, `scan some` of the names on its standard input, `scan below` of what is in the directories among
    /// them; its status says whether all could be read.
    ///
    /// With `find` and `stat` of BusyBox an unreadable directory cannot be told from another failure, so after one the tree is
    /// told again by a slower way that can.
    private static let listing = #"""
        walk() {
          x=$( { { if [ -n "$1" ]; then
              find . -type d ! '(' -exec test -r {} ';' -exec test -x {} ';' ')' -print0 -prune -o -print0
            else find . -print0 2>/dev/null; fi </dev/null; echo "f$?" >&4; } |
            { xargs -0 -n 500 sh -c "$batch" "$f" >&3; echo "x$?" >&4; }; } 4>&1 )
          case $x in 'f0
        x0' | 'x0
        f0') return 0 ;; esac
          return 1
        }
        inner() {
          x=$( { { xargs -0 sh -c "$reals"'exec find "$@" -mindepth 1 -print0' sh 2>/dev/null; echo "f$?" >&4; } |
            { xargs -0 -n 500 sh -c "$batch" "$f" >&3; echo "x$?" >&4; }; } 4>&1 )
          case $x in 'f0
        x0' | 'x0
        f0') return 0 ;; esac
          return 1
        }
        scan() {
          case $l-$1 in
          find-below) xargs -0 sh -c "$reals"'exec find "$@" -mindepth 1 -ignore_readdir_race \
            -type d ! "(" -readable -executable ")" -printf "$0" -printf "!\0%p\0\0" -prune -o -printf "$0"' "$ff" ;;
          find-some) xargs -0 sh -c 'exec find "$@" -ignore_readdir_race -maxdepth 0 -printf "$0"' "$ff" 2>/dev/null ;;
          find-*) find . -ignore_readdir_race -type d ! '(' -readable -executable ')' \
            -printf "$fw" -printf '!\0%p\0\0' -prune -o -printf "$fw" </dev/null ;;
          python3-some | python3-below) python3 -I -S -c "$plist" "$1" ;;
          python3-*) python3 -I -S -c "$plist" all </dev/null ;;
          perl-some | perl-below) perl -e "$llist" "$1" ;;
          perl-*) perl -e "$llist" all </dev/null ;;
          stat-below) inner ;;
          stat-some) xargs -0 -n 500 sh -c "$batch" "$f" ;;
          stat-*) walk '' || { say again; walk 1; } ;;
          *) return 1 ;;
          esac
        }

        """#

    private static let digests = #"""
        sum() {
          case $c in
          sha256sum) xargs -0 -n 200 sh -c "$sums" "$1" ;;
          python3) python3 -I -S -c "$pdigest" ;;
          perl) perl -MDigest::SHA -e "$ldigest" ;;
          esac
        }
        digest() {
          while read -r k s; do
            case $k in
            piece) take "$s" | sum "$1"; printf '\0' ;;
            end) return ;;
            *) exit 65 ;;
            esac
          done
        }

        """#

    /// The status of each stage goes by descriptor 4: no shell here has to know `pipefail`.
    ///
    /// Nanoseconds need pax headers, and those cannot hold names that are not UTF-8: for them `raw` asks for GNU's format.
    /// BusyBox packs what one command line holds, several archives one after the other; two blocks of NULs end even none.
    private static let sending = #"""
        names() { pieces; echo "p$?" >&4; }
        pack() {
          case $tk in
          gnu) if [ "$1" = raw ]; then set -- --format=gnu
            else set -- --format=posix --pax-option=delete=atime,delete=ctime; fi
            $t --null --no-unquote --no-recursion "$@" -T - -cf - ;;
          bsd) if [ "$1" = raw ]; then set -- gnutar; else set -- pax; fi
            $t --null -n --format "$1" $bx -T - -cf - ;;
          *) xargs -0 -r sh -c 't=$0; $t -c -f - --no-recursion "$@"' "$t"; e=$?; dd if=/dev/zero bs=512 count=2 2>/dev/null; return $e ;;
          esac
        }
        squeeze() { if [ "$1" = gzip ]; then gzip -1 -c; else zstd -q -c; fi; }
        send() {
          x=$( { if [ "$1" = none ]; then { names | { pack "$2"; echo "t$?" >&4; }; } >&3; echo z0 >&4
            else { names | { pack "$2"; echo "t$?" >&4; }; } | { squeeze "$1" >&3; echo "z$?" >&4; }; fi; } 4>&1 )
          p=1 s=255 z=255
          for i in $x; do
            case $i in p*) p=${i#p} ;; t*) s=${i#t} ;; z*) z=${i#z} ;; esac
          done
          if [ "$p" != 0 ]; then s=254; fi
          printf '\n=%s sent %03d %03d\n' "$n" "$s" "$z"
          read -r x
        }

        """#

    /// The steps before and after the archive, each a list of names.
    ///
    /// `xargs` always runs a shell: when BusyBox's runs an applet of its own, `rm` for one, some of many names get lost. What was
    /// to go and is still there is noted. Nothing is removed after an archive that could not be unpacked whole.
    private static let steps = #"""
        gone() { xargs -0 -n 500 sh -c "$there" sh <"$tmp/$1" >>"$tmp/remain"; }
        stamp() {
          if has python3 && runs python3 -I -S -c 'print(1)'; then python3 -I -S -c "$ptimes" <"$1"; return; fi
          x=; if touch -c -h -d @1.5 "$tmp/plan" 2>/dev/null; then x=1; fi
          xargs -0 -n 200 sh -c "$touches" "$x" <"$1"
        }
        run() {
          [ -f "$tmp/plan" ] || return 0
          while read -r i p o x; do
            [ "$p" = "$1" ] || continue
            case $o in
            rm) if [ "$s" = 0 ]; then xargs -0 sh -c 'rm -f "$@"' sh <"$tmp/$i" || e=1; fi; gone "$i" ;;
            rmdir) if [ "$s" = 0 ]; then xargs -0 sh -c 'rmdir "$@"' sh <"$tmp/$i" 2>/dev/null; fi; gone "$i" ;;
            chmod) xargs -0 -n 200 sh -c "$modes" "$x" <"$tmp/$i" || e=1 ;;
            chown) xargs -0 sh -c 'chown -h "$0" "$@"' "$x" <"$tmp/$i" || e=1 ;;
            times) stamp "$tmp/$i" || e=1 ;;
            esac
          done <"$tmp/plan"
        }

        """#

    /// Everything that is to be done is known, and known to be complete, before anything is done.
    ///
    /// Standard input is given up as soon as the archive's reader has ended: whoever still writes learns it then. Where the end of
    /// the input may stay hidden, the archive comes in pieces, and their end is its end.
    private static let receiving = #"""
        unpack() {
          case $tk in
          gnu) $t --no-same-owner -p --warning=no-timestamp -b 512 -xf - ;;
          bsd) $t --no-same-owner -b 512 -xpf - ;;
          *) $t -x -p -o -f - ;;
          esac
        }
        told() {
          y=0
          while IFS= read -r x; do
            case $x in *'No space left'* | *'quota exceeded'*) y=1 ;; esac
            printf '%s\n' "$x" >&2
          done
          echo "y$y" >&4
        }
        reader() {
          case $1 in
          gzip) { gzip -dc; echo "z$?" >&4; } | { unpack; echo "t$?" >&4; } ;;
          zstd) { zstd -q -dc; echo "z$?" >&4; } | { unpack; echo "t$?" >&4; } ;;
          *) unpack; echo "t$?" >&4; echo z0 >&4 ;;
          esac
        }
        receive() {
          [ -d "$r" ] || (umask "$m"; mkdir -p "$r") || fail mkdir
          cd -P "$r" || fail root
          tmp=./.ferry-tmp-$n
          trap 'rm -rf "$tmp"' EXIT
          trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 141' PIPE; trap 'exit 143' TERM
          rm -rf ./.ferry-tmp-* 2>/dev/null
          mkdir -m 700 "$tmp" || fail temporary
          g= w=none e=0 s=0 j=0
          while read -r k p o x; do
            case $k in
            step) j=$((j + 1)) total=
              pieces >"$tmp/$j" || fail list
              [ "$(wc -c <"$tmp/$j")" -eq "$total" ] || fail list
              if [ "$o" = written ]; then w=$tmp/$j; else printf '%s %s %s %s\n' "$j" "$p" "$o" "$x" >>"$tmp/plan"; fi ;;
            whole) w=whole ;;
            go) g=1; break ;;
            *) exit 65 ;;
            esac
          done
          [ -n "$g" ] || exit 66
          : >"$tmp/remain" || fail list
          run before
          if [ "$3" = pieces ]; then x=$( { { { pieces 2>/dev/null | reader "$1" 2>&1 >/dev/null; } | told; } 4>&1; } )
          else x=$( { { reader "$1" 2>&1 >/dev/null | told; } 4>&1; } ); fi
          exec </dev/null
          s=255 z=255 y=0
          for i in $x; do
            case $i in t*) s=${i#t} ;; z*) z=${i#z} ;; y*) y=${i#y} ;; esac
          done
          k=
          if [ -f "$tmp/end" ]; then read -r k <"$tmp/end"; fi
          if [ -n "$k" ]; then a=$s; [ "$z" = 0 ] || s=1; run after; s=$a; fi
          say "received tar=$s unpack=$z full=$y steps=$e end=$k"
          cat "$tmp/remain"
          printf '\0'
          # What was written in the last tick could change once more without a trace: the listing comes after it.
          case $w in none) ;; *) sleep 0.02 2>/dev/null || sleep 1; clock ;; esac
          case $w in
          none) ;;
          whole) scan; say "listed $?" ;;
          *) scan some <"$w"; say "listed 0" ;;
          esac
          rm -rf "$tmp"
          say done
          if [ "$2" != 0 ]; then sleep "$2"; fi
        }

        """#

    /// Who asks for a listing need not know yet whether there is anything to list: of nothing, nothing is said.
    private static let dialogue = #"""
        probe
        while read -r v a b o; do
          case $v in
          list) if [ -n "$some" ]; then cd -P "$r" || fail root; clock; scan; say "listed $?"; fi ;;
          below) if [ -z "$some" ]; then pieces >/dev/null; pieces >/dev/null; else
              cd -P "$r" || fail root; clock; pieces | scan some; pieces | scan below; say "listed $?"
            fi ;;
          digest) cd -P "$r" || fail root; digest "$a" ;;
          ping) pieces >/dev/null || exit 65; say pong ;;
          sweep) cd -P "$r" && rm -rf ./.ferry-tmp-* 2>/dev/null ;;
          bye) exit 0 ;;
          send) cd -P "$r" || fail root; send "$a" "$b"; exit 0 ;;
          receive) receive "$a" "$b" "$o"; exit 0 ;;
          *) exit 65 ;;
          esac
        done
        exit 0

        """#
}
