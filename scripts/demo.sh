#!/usr/bin/env bash
# The main job on a real tree: pushes a directory of this machine into a directory sandbox, lets "an agent" change things
# there, pulls the results back and shows what happened. Everything stays below a temporary directory.
#
#   scripts/demo.sh [DIRECTORY]        the directory to start from; /usr/share/perl5, or this checkout where that is missing
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
swift build -c release --static-swift-stdlib --product ferry
ferry="$PWD/.build/release/ferry"

tree=${1:-/usr/share/perl5}
[ -d "$tree" ] || tree=$PWD/Sources
work=$(mktemp -d "${TMPDIR:-/tmp}/ferry-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
export FERRY_STATE_DIR="$work/state"

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
    printf '$ ferry %s\n' "$*" | sed "s#$work/##g"
    (cd "$work" && "$ferry" "$@") || { status=$?; [ "$status" -eq "${expected:-0}" ] || exit "$status"; echo "(exit $status)"; }
}

step "1. A workspace: a copy of $tree"
run sync push "$tree" workspace

step "2. Push it into a sandbox, here a directory"
run sync push workspace sandbox --stats

step "3. An agent works in the sandbox: it edits, adds and deletes, and plants a link that leaves the workspace"
(
    cd "$work/sandbox"
    file=$(find . -type f -size +1k | sort | head -n 1)
    echo "# edited by the agent" >>"$file"
    mkdir -p results && echo "42" >results/answer.txt
    find . -type f -size +1k | sort | tail -n 1 | xargs -d '\n' rm
    ln -s /etc/passwd results/innocent
)

step "4. The user meanwhile adds a note to the workspace"
echo "do not lose me" >"$work/workspace/NOTES.user"

step "5. Look first: nothing is written. A plain pull keeps what differs locally as a conflict and deletes nothing"
expected=3 run sync pull --dry-run -i sandbox workspace

step "6. Pull the results; --on-conflict take-remote lets the agent's edits in. The link is held for review (exit 3)"
expected=3 run sync pull -i --on-conflict take-remote sandbox workspace

step "7. What happened: the edit and the new file are in, the user's note is still there, the link is not"
(
    cd "$work/workspace"
    cat results/answer.txt NOTES.user
    if [ -L results/innocent ]; then echo "results/innocent: let in"; else echo "results/innocent: held"; fi
)
