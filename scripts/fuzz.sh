#!/usr/bin/env bash
# Fuzzes what reads bytes of others with libFuzzer: archive to staging, remote listing, rules, plan file, journal.
#   scripts/fuzz.sh [SECONDS] [TARGET…]     30 seconds for each of them, if not given
# It is a build of its own, below .build/fuzz. Inputs that reach something new stay in .build/fuzz/corpus; one that breaks
# something is written to .build/fuzz/findings, ends the run, and becomes a test with a name.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
shift || true
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(archive listing rules plan journal)

# The program has a main function of its own; SwiftPM would bring libFuzzer's beside it.
tools=$(dirname "$(readlink -f "$(command -v swift)")")
library=$(find "$tools/../lib/clang" -name "libclang_rt.fuzzer_no_main-$(uname -m).a" -print -quit)
if [ -z "$library" ]; then
    echo "the toolchain in $tools has no libFuzzer (libclang_rt.fuzzer_no_main); use one from swift.org" >&2
    exit 1
fi
build=(swift build --product ferry-fuzz --scratch-path .build/fuzz)
build+=(-Xlinker --undefined=LLVMFuzzerRunDriver -Xlinker "$library")
FERRY_FUZZ=1 "${build[@]}"
program=$(FERRY_FUZZ=1 "${build[@]}" --show-bin-path)/ferry-fuzz
mkdir -p .build/fuzz/corpus .build/fuzz/findings
FERRY_FUZZ_SEEDS=.build/fuzz/corpus "$program"
for target in "${targets[@]}"; do
    echo "== $target, $seconds s"
    FERRY_FUZZ_TARGET=$target "$program" -max_total_time="$seconds" -max_len=16384 -timeout=10 -print_final_stats=1 \
        -artifact_prefix=".build/fuzz/findings/$target-" ".build/fuzz/corpus/$target" 2>&1 |
        grep -v -E '^#[0-9]+.(NEW|REDUCE|pulse|INITED)|^INFO: '
done
