#!/usr/bin/env bash
# Installs what the tests need and runs all of them. Arguments go to `swift test`, for example --filter Planner.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --tests
exec swift test --parallel "$@"
