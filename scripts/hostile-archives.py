#!/usr/bin/env python3
"""Extracts hostile archives with ferry, GNU tar and bsdtar and prints what each did, as a table in Markdown.

    scripts/hostile-archives.py [--ferry PATH]

Run it as root to see what a root's extraction does (devices, owners). Each archive is written by hand, each extraction gets
a new workspace beside a canary: a directory that nothing may change. Exit status 1 when ferry let one through.
"""

import argparse
import io
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile


class Archive:
    """A tar stream in the making."""

    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name, kind=tarfile.REGTYPE, text="evil\n", link="", mode=0o644, **extra):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode, info.mtime = kind, link, mode, 1_700_000_000
        for key, value in extra.items():
            setattr(info, key, value)
        data = text.encode() if kind == tarfile.REGTYPE else b""
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def finish(self):
        self.tar.close()
        return self.bytes.getvalue()


def members(*calls):
    archive = Archive()
    for arguments, keywords in calls:
        archive.add(*arguments, **keywords)
    return archive.finish()


def m(*arguments, **keywords):
    return arguments, keywords


LINK, HARD, DIRECTORY = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


def cases(canary):
    """Name, archive, and a script that prepares the workspace."""
    good = members(m("one", text="1\n"), m("two", text="2\n"))
    yield "an absolute name", members(m(canary + "/new")), ""
    yield "`..` at the beginning of a name", members(m("../canary/new")), ""
    yield "`..` in the middle of a name", members(m("a/", kind=DIRECTORY, mode=0o755), m("a/../../canary/new")), ""
    yield "a link to a directory outside, then a file through it", members(
        m("out", kind=LINK, link=canary), m("out/new")), ""
    yield "the same with a relative link", members(m("out", kind=LINK, link="../canary"), m("out/new")), ""
    yield "a chain of links, each of which looks harmless", members(
        m("d/", kind=DIRECTORY, mode=0o755), m("d/up", kind=LINK, link=".."), m("d/out", kind=LINK, link="up/../canary"),
        m("d/out/new")), ""
    yield "a link that the workspace has where the archive has a directory", members(m("own/new")), "ln -s ../canary own"
    yield "a hard link to a file outside, then new content for it", members(
        m("hard", kind=HARD, link=canary + "/file"), m("hard", text="overwritten\n")), ""
    yield "a hard link to a file outside by `..`", members(m("hard", kind=HARD, link="../canary/file")), ""
    yield "a hard link to the workspace's own file, which is not in the archive", members(
        m("hard", kind=HARD, link="mine")), "echo mine >mine"
    yield "a link that leaves the workspace", members(m("shadow", kind=LINK, link="/etc/shadow")), ""
    yield "a git hook", members(m(".git/hooks/post-checkout", mode=0o755)), ""
    yield "a git configuration that runs a program", members(m(".git/config", text="[core]\n\tfsmonitor = evil\n")), ""
    yield "a device", members(m("disk", kind=tarfile.BLKTYPE, devmajor=8, devminor=0)), ""
    yield "a program with the setuid bit, owned by root", members(m("su", mode=0o4755)), ""
    yield "the root itself with mode 0", members(m("./", kind=DIRECTORY, mode=0), m("file")), ""
    yield "one name as a directory, then as a link, then a file below it", members(
        m("d/", kind=DIRECTORY, mode=0o755), m("d", kind=LINK, link="../canary"), m("d/new")), ""
    yield "cut between two members", good[:1024], ""
    yield "cut within a member", good[:1500], ""
    yield "a second archive behind the end", good + members(m("hidden")), ""
    damaged = bytearray(good)
    damaged[1024] ^= 0x20
    yield "a header whose checksum is wrong", bytes(damaged), ""


def state(root):
    """All that is below a directory, to see whether anything changed."""
    found = {}
    for path, directories, files in os.walk(root):
        for name in directories + files:
            entry = os.path.join(path, name)
            status = os.lstat(entry)
            content = open(entry, "rb").read() if stat.S_ISREG(status.st_mode) else b""
            found[os.path.relpath(entry, root)] = (status.st_mode, status.st_uid, status.st_nlink, content)
    return found


def verdict(status, before, after, workspace, own):
    """What happened, in a few words."""
    words = []
    if before != after:
        words.append("**changed what lies outside**")
    made = [name for name in state(workspace) if name not in own]
    for name in made:
        mode = os.lstat(os.path.join(workspace, name)).st_mode
        if stat.S_ISBLK(mode):
            words.append("**made a device**")
        if stat.S_ISREG(mode) and mode & stat.S_ISUID:
            words.append("**made it setuid**")
        if stat.S_ISLNK(mode) and os.readlink(os.path.join(workspace, name)).startswith("/etc"):
            words.append("**made the link**")
        if name in (".git/hooks/post-checkout", ".git/config"):
            words.append("**put it in place**")
    if os.stat(workspace).st_mode & 0o777 != 0o755:
        words.append("**changed the root's mode**")
    for name, old in own.items():
        if state(workspace).get(name) != old:
            words.append("**changed the workspace's `%s`**" % name)
    kind = {0: "exit 0", 3: "held, exit 3", 10: "refused, exit 10"}.get(status, "exit %d" % status)
    plain = [name for name in made if not name.startswith(".git")]
    count = "1 entry" if len(plain) == 1 else "%d entries" % len(plain)
    words.append(kind + ("; %s made" % count if plain and status != 3 else ""))
    return ", ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ferry", default=".build/release/ferry")
    ferry = os.path.abspath(parser.parse_args().ferry)
    tools = {
        "ferry": [ferry, "sync", "pull", "--no-fsync", "-", "."],
        "GNU tar": ["tar", "-xpf", "-"],
        "bsdtar": ["bsdtar", "-xpf", "-"],
    }
    os.umask(0o022)
    print("| archive | %s |" % " | ".join(tools))
    print("|---|%s" % ("---|" * len(tools)))
    failures = 0
    with tempfile.TemporaryDirectory() as base:
        for name, data, setup in cases(base + "/canary"):
            cells = []
            for tool, command in tools.items():
                canary, workspace = base + "/canary", base + "/ws"
                for path in (canary, workspace):
                    os.mkdir(path, 0o755)
                with open(canary + "/file", "w") as file:
                    file.write("precious\n")
                subprocess.run(["sh", "-ec", setup], cwd=workspace, check=True)
                before, own = state(canary), state(workspace)
                environment = dict(os.environ, FERRY_STATE_DIR=base + "/state")
                done = subprocess.run(
                    command, cwd=workspace, input=data, capture_output=True, env=environment, check=False)
                cells.append(verdict(done.returncode, before, state(canary), workspace, own))
                if tool == "ferry" and "**" in cells[-1]:
                    failures += 1
                for path in (canary, workspace, base + "/state"):
                    shutil.rmtree(path, ignore_errors=True)
            print("| %s | %s |" % (name, " | ".join(cells)))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
