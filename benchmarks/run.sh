#!/usr/bin/env bash
# Builds ferry and ferry-bench in release mode, installs missing peers when it may, and runs the benchmark.
#
#   benchmarks/run.sh [flags of `ferry-bench run`]
#   benchmarks/run.sh --readme README.md [flags of `ferry-bench run`]   rewrites the page's table and the plot, too
#   benchmarks/run.sh report RESULT.json... --readme README.md          the same from results that were saved
#   benchmarks/run.sh gate [flags of `ferry-bench gate`]                (also: gen, compare)
#   benchmarks/run.sh test                                              the benchmark's own tests
#
# FERRY=/path/to/ferry measures that executable and builds none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command=run
case "${1:-}" in
run | gate | gen | compare | report | test)
    command=$1
    shift
    ;;
esac
if [[ $command == test ]]; then
    exec swift test --package-path benchmarks --scratch-path benchmarks/.build "$@"
fi

declare -A package_of=([rsync]=rsync [bsdtar]=libarchive-tools [strace]=strace [mkfs.ext4]=e2fsprogs [sshd]=openssh-server
    [python3]=python3)
missing=()
if [[ $command == run && " $* " != *" --short "* ]]; then
    # Only long runs have rows with these.
    package_of+=([zstd]=zstd [git]=git [unison]=unison [rclone]=rclone [casync]=casync)
    compgen -G '/usr/src/linux-source-*.tar.xz' >/dev/null || missing+=(linux-source)
fi
for program in "${!package_of[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
if [[ $command =~ ^(run|gate)$ ]] && ((${#missing[@]})); then
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        echo "installing ${missing[*]}" >&2
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "${missing[@]}"; } >&2 ||
            echo "could not install ${missing[*]}: reported as absent" >&2
    else
        echo "missing, reported as absent: ${missing[*]}" >&2
    fi
fi

if [[ -z ${FERRY:-} && $command =~ ^(run|gate)$ ]]; then
    swift build -c release --static-swift-stdlib --product ferry >&2
    FERRY="$(swift build -c release --show-bin-path)/ferry"
fi
export FERRY="${FERRY:-}" FERRY_BENCH_PEERS="$PWD/benchmarks/peers"
swift build -c release --package-path benchmarks --scratch-path benchmarks/.build >&2
exec benchmarks/.build/release/ferry-bench "$command" "$@"
