#!/usr/bin/env bash
# Installs what the tests need and runs all of them. Arguments go to `swift test`, for example --filter Planner.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --tests
# Container engines need more of a machine than most have: root, cgroups, overlay mounts. They are a run of their own.
if [ -n "${FERRY_TEST_ENGINES:-}" ]; then exec swift test --filter DockerTests "$@"; fi
echo "SKIPPED: the tests against Docker and Podman; FERRY_TEST_ENGINES=1 scripts/test.sh runs them" >&2
if [ $# -gt 0 ]; then exec swift test --parallel --skip DockerTests "$@"; fi

# Tests of deadlines and broken connections run one after the other: beside the rest they would measure a busy machine.
timed='^Ferry(HTTP|Process|Providers|Transport)Tests\.|^FerryEngineTests\.(WriteATransport|PlainClientSync)Tests'
swift build --build-tests
swift test --skip-build --no-parallel --filter "$timed"

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
if swift test --skip-build --parallel --skip DockerTests --skip "$timed" --xunit-output "$results/all.xml"; then exit 0; fi
# What failed beside hundreds of others runs once more, alone. A defect fails again; either way the failure is in the output.
failed=$(scripts/failed-tests.sed "$results/all-swift-testing.xml" | paste -sd '|')
if [ -z "$failed" ]; then exit 1; fi
echo "FAILED beside others, now alone: $failed" >&2
swift test --skip-build --no-parallel --filter "$failed"
