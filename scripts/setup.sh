#!/usr/bin/env bash
# Installs the Debian packages that are missing: those that ferry is built with and, with --tests, the peers that its tests
# and benchmarks run against. Changes nothing when all are there.
set -euo pipefail

packages=(libarchive-dev libcurl4-openssl-dev pkg-config)
if [ "${1:-}" = "--tests" ]; then
    # Real tars, shells and rsync judge what ferry writes; git judges the exclude rules; strace counts system calls; a real
    # sshd of their own on the loopback interface and two container engines, which the tests start, are sandboxes.
    packages+=(busybox-static libarchive-tools rsync git python3 gzip zstd xz-utils strace e2fsprogs acl ntfs-3g)
    packages+=(openssh-client openssh-server docker.io podman runc)
    # The adapters of the documentation run as printed, and an independent validator judges what ferry prints by its schemas.
    packages+=(nodejs node-typescript python3-jsonschema)
fi

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "install these packages first, as root: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
echo "installing: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
