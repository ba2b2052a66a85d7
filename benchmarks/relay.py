"""A relay in front of a kernel, which makes it as far away as a kernel on another continent.

Everything takes 50 ms each way, also the two steps of opening a connection. As a program it takes the port of the
kernel, prints its own, and runs until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import suppress

WAY = 0.05
"""Seconds each way."""
ROUND_TRIP = 2 * WAY


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, ready: Awaitable[object]) -> None:
    """Pass on what comes, each piece after its time. ``ready`` is awaited before the first piece."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        await ready
        while True:
            at, piece = await pieces.get()
            await asyncio.sleep(at - loop.time())
            if not piece:
                break
            sink.write(piece)
            await sink.drain()
        with suppress(OSError):
            sink.write_eof() if sink.can_write_eof() else sink.close()

    delivering = asyncio.create_task(deliver())
    with suppress(OSError):
        while piece := await source.read(1 << 20):
            pieces.put_nowait((loop.time() + WAY, piece))
    pieces.put_nowait((loop.time() + WAY, b""))
    with suppress(OSError):
        await delivering


async def _accept(near: asyncio.StreamReader, back: asyncio.StreamWriter, port: int) -> None:
    far, out = await asyncio.open_connection("127.0.0.1", port)
    # The caller's system took the connection at once. On the way to a far kernel that is a round trip of its own.
    opened = asyncio.create_task(asyncio.sleep(ROUND_TRIP))
    await asyncio.gather(_pass_on(near, out, opened), _pass_on(far, back, opened))
    out.close()
    back.close()


async def main(port: int) -> None:
    """Serve."""
    server = await asyncio.start_server(lambda near, back: _accept(near, back, port), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
