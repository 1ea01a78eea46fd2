#!/usr/bin/env bash
# Checks the format of all Swift code; --fix rewrites it.
set -euo pipefail
cd "$(dirname "$0")/.."
paths=(Package.swift Sources Tests benchmarks/Package.swift benchmarks/Sources)
if [ "${1:-}" = "--fix" ]; then
    swift format format --in-place --parallel --recursive "${paths[@]}"
fi
swift format lint --strict --parallel --recursive "${paths[@]}"
