#!/usr/bin/env python3
"""A slow way to a TCP server: adds delay and limits the rate, in each direction.

    relay.py LISTEN_PORT TARGET_PORT [--delay SECONDS] [--rate BYTES_PER_SECOND]

`--delay` is one way: 0.05 makes round trips of 100 ms. Prints "ready" when it listens (on 127.0.0.1).
For kernels without netem; a userspace relay adds a little latency of its own and no loss.
"""

import argparse
import asyncio
import collections


class Direction:
    """Carries one direction: what is read now is written `delay` seconds later, at no more than `rate`."""

    # Like a router's queue: a sender that is ahead of the rate waits.
    QUEUE_BYTES = 4 << 20

    def __init__(self, reader, writer, delay, rate):
        self.reader, self.writer, self.delay, self.rate = reader, writer, delay, rate
        self.queue = collections.deque()
        self.queued = 0
        self.changed = asyncio.Condition()

    async def run(self):
        await asyncio.gather(self.take(), self.give())

    async def take(self):
        loop = asyncio.get_running_loop()
        free_at = loop.time()
        while True:
            data = await self.reader.read(64 << 10)
            now = loop.time()
            if self.rate:
                free_at = max(free_at, now) + len(data) / self.rate
            due = (free_at if self.rate else now) + self.delay
            async with self.changed:
                await self.changed.wait_for(lambda: self.queued < self.QUEUE_BYTES)
                self.queue.append((due, data))
                self.queued += len(data)
                self.changed.notify_all()
            if not data:
                return

    async def give(self):
        loop = asyncio.get_running_loop()
        while True:
            async with self.changed:
                await self.changed.wait_for(lambda: self.queue)
                due, data = self.queue[0]
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            async with self.changed:
                self.queue.popleft()
                self.queued -= len(data)
                self.changed.notify_all()
            if not data:
                if self.writer.can_write_eof():
                    self.writer.write_eof()
                return
            self.writer.write(data)
            await self.writer.drain()


async def serve(options):
    async def connect(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", options.target)
        except OSError:
            writer.close()
            return
        there = Direction(reader, far_writer, options.delay, options.rate)
        back = Direction(far_reader, writer, options.delay, options.rate)
        try:
            await asyncio.gather(there.run(), back.run())
        except OSError:
            pass
        finally:
            writer.close()
            far_writer.close()

    server = await asyncio.start_server(connect, "127.0.0.1", options.listen)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listen", type=int)
    parser.add_argument("target", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=0.0)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
