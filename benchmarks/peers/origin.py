#!/usr/bin/env python3
"""The way that Ferry replaces, for comparison: an archive as a file, whole in memory, and a tree wiped before it is filled.

    origin.py push WORKSPACE REMOTE_DIR [--asset KEY=DIR]... -- COMMAND...
    origin.py pull REMOTE_DIR WORKSPACE -- COMMAND...

COMMAND is what runs a shell in the sandbox, for example `ssh host` or `env`; each step is one run of it, as a client with the six
calls make directory, write file, read file, list, remove and run would do it. A port of the algorithm, not of its code.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile

KEPT = ".ferry-runtime"


class Client:
    """Whole-file calls over a command."""

    def __init__(self, command):
        self.command = command
        self.calls = 0

    def run(self, script, data=b""):
        self.calls += 1
        argument = script if os.path.basename(self.command[0]) == "ssh" else None
        words = self.command + ([argument] if argument else ["sh", "-c", script])
        done = subprocess.run(words, input=data, stdout=subprocess.PIPE, check=True)
        return done.stdout

    def make_directory(self, path):
        self.run("mkdir -p " + shlex.quote(path))

    def write_file(self, path, data):
        self.run("cat > " + shlex.quote(path), data)

    def read_file(self, path):
        return self.run("cat " + shlex.quote(path))

    def remove(self, path):
        self.run("rm -f " + shlex.quote(path))


def archive(directory):
    """The directory as one tar, in memory."""
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        subprocess.run(["tar", "-C", directory, "-cf", file.name, "."], check=True)
        with open(file.name, "rb") as stream:
            return stream.read()


def replace(client, directory, remote, scratch):
    """Makes a remote directory the image of a local one: upload, wipe, extract."""
    data = archive(directory)
    path = f"{scratch}/upload.tar"
    client.make_directory(remote)
    client.write_file(path, data)
    quoted = shlex.quote(remote)
    client.run(f"find {quoted} -mindepth 1 -maxdepth 1 ! -name {KEPT} -exec rm -rf -- {{}} +")
    client.run(f"tar -xf {shlex.quote(path)} -C {quoted}")
    client.remove(path)


def push(client, options):
    scratch = f"{options.remote.rstrip('/')}/{KEPT}"
    client.make_directory(scratch)
    replace(client, options.workspace, options.remote, scratch)
    for asset in options.asset:
        key, directory = asset.split("=", 1)
        replace(client, directory, f"{scratch}/{key}", scratch)


def pull(client, options):
    scratch = f"{options.remote.rstrip('/')}/{KEPT}"
    path = f"{scratch}/download.tar"
    client.make_directory(scratch)
    client.run(f"tar -C {shlex.quote(options.remote)} --exclude=./{KEPT} -cf {shlex.quote(path)} .")
    data = client.read_file(path)
    client.remove(path)
    with tempfile.TemporaryDirectory() as staging:
        local = os.path.join(staging, "download.tar")
        with open(local, "wb") as stream:
            stream.write(data)
        tree = os.path.join(staging, "tree")
        os.mkdir(tree)
        with tarfile.open(local) as tar:
            tar.extractall(tree)
        mirror(tree, options.workspace)


def mirror(source, target):
    """Makes a local directory the image of another: what is not there goes, all files are copied."""
    wanted = {entry.name: entry for entry in os.scandir(source)}
    for entry in os.scandir(target):
        other = wanted.get(entry.name)
        is_directory = entry.is_dir(follow_symlinks=False)
        if other is None or other.is_dir(follow_symlinks=False) != is_directory:
            if is_directory:
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
    for name, entry in wanted.items():
        path = os.path.join(target, name)
        if entry.is_dir(follow_symlinks=False):
            os.makedirs(path, exist_ok=True)
            mirror(entry.path, path)
        elif entry.is_symlink():
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink(os.readlink(entry.path), path)
        else:
            shutil.copy2(entry.path, path, follow_symlinks=False)


def main():
    if "--" not in sys.argv:
        sys.exit(__doc__)
    at = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="verb", required=True)
    pushing = commands.add_parser("push")
    pushing.add_argument("workspace")
    pushing.add_argument("remote")
    pushing.add_argument("--asset", action="append", default=[])
    pulling = commands.add_parser("pull")
    pulling.add_argument("remote")
    pulling.add_argument("workspace")
    options = parser.parse_args(sys.argv[1:at])
    client = Client(sys.argv[at + 1 :])
    {"push": push, "pull": pull}[options.verb](client, options)
    print(f"{client.calls} calls", file=sys.stderr)


if __name__ == "__main__":
    main()
