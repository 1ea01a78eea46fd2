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
find "$pages" -name '*.1' -not -name 'ferry.bench*' -not -name 'ferry.help.1' -exec cp {} "$target/man1/" \;

ferry=$(swift build --configuration "$configuration" --show-bin-path)/ferry
"$ferry" completion bash >"$target/completions/ferry.bash"
"$ferry" completion zsh >"$target/completions/_ferry"
"$ferry" completion fish >"$target/completions/ferry.fish"
ls -1 "$target/man1" "$target/completions"
