#!/usr/bin/env python3
"""Runs a command and notes what passes between it and whoever runs this.

    wire.py LOG COMMAND...

Appends a line to LOG when the command has ended, or this program is asked to end (SIGTERM): bytes to the command, bytes from it,
and round trips. A trip is over when something comes back after the start or after something was sent; the end of a command answers, too.
"""

import os
import signal
import subprocess
import sys
import threading


class Traffic:
    """What passed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.there = self.back = 0
        self.trips = 0
        self.is_answered = False

    def note(self, count, is_answer):
        with self.lock:
            if is_answer:
                self.back += count
                self.trips += not self.is_answered
            else:
                self.there += count
            self.is_answered = is_answer


def carry(source, target, traffic, is_answer):
    """Carries bytes until one side is closed."""
    try:
        while data := os.read(source, 1 << 16):
            traffic.note(len(data), is_answer)
            while data:
                data = data[os.write(target, data):]
    except BrokenPipeError:
        pass
    finally:
        os.close(target)


def end(log, traffic, status):
    """Writes the line and ends."""
    with open(log, "a", encoding="ascii") as file:
        file.write(f"{traffic.there} {traffic.back} {traffic.trips}\n")
    os._exit(status)


def main():
    log, command = sys.argv[1], sys.argv[2:]
    traffic = Traffic()
    signal.signal(signal.SIGTERM, lambda number, _: end(log, traffic, 128 + number))
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    # Descriptors of its own, so that nobody closes one twice.
    to_child, from_child = os.dup(child.stdin.fileno()), child.stdout.fileno()
    child.stdin.close()
    threading.Thread(target=carry, args=(0, to_child, traffic, False), daemon=True).start()
    carry(from_child, os.dup(1), traffic, True)
    os.close(1)
    status = child.wait()
    traffic.trips += not traffic.is_answered
    end(log, traffic, status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
