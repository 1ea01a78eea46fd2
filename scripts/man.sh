#!/usr/bin/env bash
# Writes ferry's man pages, one for each command, and its completion scripts, all from the definitions of the commands.
#
#   scripts/man.sh DIRECTORY        gets DIRECTORY/man1/*.1 and DIRECTORY/completions/{ferry.bash,_ferry,ferry.fish}
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1/man1" "$1/completions"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

configuration=${CONFIGURATION:-debug}
# The date of the sources and not of today, so that the same sources give the same pages.
date=$(git log -1 --format=%cs 2>/dev/null || date +%F)
swift build --configuration "$configuration" --product ferry
pages=$(mktemp -d "${TMPDIR:-/tmp}/ferry-man.XXXXXX")
trap 'rm -rf "$pages"' EXIT
swift package plugin --allow-writing-to-directory "$pages" \
    generate-manual --configuration "$configuration" --multi-page --date "$date" --output-directory "$pages" >&2
# What is hidden has no page to refer to, and what each exit code means is more than "zero on success".
cat >"$pages/exit" <<'END'
.Bl -tag -width 6n -compact
.It 0
done, nothing left over
.It 1
error
.It 2
usage
.It 3
new conflicts or held entries
.It 4
safety halt
.It 5
partial: some entries could not be read or written
.It 6
the source changed while it was read
.It 7
locked by another sync
.It 8
verification failed
.It 9
sandbox or transport failed
.It 10
unsafe archive refused
.It 11
secrets found before a push
.It 124
timed out
.It 130, 143
signals, after a clean stop
.El
END
find "$pages" -name '*.1' -not -name 'ferry.bench*' -not -name 'ferry.help.1' | while IFS= read -r page; do
    sed -e '/^\.Xr ferry\.\(bench\|help\) 1/d' -e "/^\.Ex -std/{r $pages/exit" -e 'd;}' "$page" \
        >"$target/man1/$(basename "$page")"
done

ferry=$(swift build --configuration "$configuration" --show-bin-path)/ferry
"$ferry" completion bash >"$target/completions/ferry.bash"
"$ferry" completion zsh >"$target/completions/_ferry"
"$ferry" completion fish >"$target/completions/ferry.fish"
ls -1 "$target/man1" "$target/completions"
