#!/usr/bin/env bash
# Installs what the tests need and runs all of them. Arguments go to `swift test`, for example --filter Planner.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --tests
# Container engines need more of a machine than most have: root, cgroups, overlay mounts. They are a run of their own.
if [ -n "${FERRY_TEST_ENGINES:-}" ]; then exec swift test --filter DockerTests "$@"; fi
echo "SKIPPED: the tests against Docker and Podman; FERRY_TEST_ENGINES=1 scripts/test.sh runs them" >&2
exec swift test --parallel --skip DockerTests "$@"
