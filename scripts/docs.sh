#!/usr/bin/env bash
# Builds the documentation of FerryEngine and FerryRuntime, articles and public symbols, without a plugin. Any warning fails.
#
#   scripts/docs.sh DIRECTORY        gets a static site each; serve it with any web server, for example python3 -m http.server
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

modules=(FerryEngine FerryRuntime)
for module in "${modules[@]}"; do swift build --target "$module"; done
products=$(swift build --show-bin-path)
triple=$(swift -print-target-info | sed -n 's/.*"triple" *: *"\([^"]*\)".*/\1/p' | head -n 1)

# The module maps of C targets: some the build writes, some the dependencies bring along.
maps=()
for map in "$products"/*.build/module.modulemap "$products"/../../checkouts/*/Sources/*/include/module.modulemap; do
    [ ! -e "$map" ] || maps+=(-Xcc "-fmodule-map-file=$map")
done

docc=$(command -v docc || true)
[ -n "$docc" ] || { echo "docc is missing: it comes with the Swift toolchain" >&2; exit 1; }
graphs=$(mktemp -d "${TMPDIR:-/tmp}/ferry-docs.XXXXXX")
trap 'rm -rf "$graphs"' EXIT
for module in "${modules[@]}"; do
    mkdir -p "$graphs/$module"
    swift symbolgraph-extract -module-name "$module" -target "$triple" \
        -I "$products/Modules" -I Sources/CArchive/include "${maps[@]}" \
        -minimum-access-level public -skip-synthesized-members -output-dir "$graphs/$module"
    # The extensions of other modules' types would each need that module's documentation to link to.
    find "$graphs/$module" -name "$module@*.symbols.json" -delete
    "$docc" convert "Sources/$module/Documentation.docc" \
        --additional-symbol-graph-dir "$graphs/$module" --output-path "$target/$module" --hosting-base-path "$module" \
        --fallback-display-name "$module" --fallback-bundle-identifier "ferry.$module" --warnings-as-errors
    echo "the documentation of $module is in $1/$module: /$module/documentation/${module,,} of a server of $1"
done
