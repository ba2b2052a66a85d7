"""A target of deliveries that does nothing but count them. It prints its port, and runs until it is killed.

``GET /hold`` makes the next answers wait for ``GET /open``, so that a benchmark can prepare what then flows.
``GET /until/N`` answers, with the number of answered requests, as soon as there are N of them. ``GET /body`` has the
last body.
"""

from __future__ import annotations

import asyncio

from aiohttp import web


class _Target:
    def __init__(self) -> None:
        self.count = 0
        self.body = b""
        self.open = asyncio.Event()
        self.open.set()
        self.wanted = 0
        self.reached = asyncio.Event()

    async def deliver(self, request: web.Request) -> web.Response:
        body = await request.read()
        await self.open.wait()
        self.count += 1
        self.body = body
        if self.count == self.wanted:
            self.reached.set()
        return web.Response()

    async def hold(self, _request: web.Request) -> web.Response:
        self.open.clear()
        self.count = 0
        return web.Response()

    async def release(self, _request: web.Request) -> web.Response:
        self.open.set()
        return web.Response()

    async def until(self, request: web.Request) -> web.Response:
        self.wanted = int(request.match_info["count"])
        if self.count < self.wanted:
            self.reached.clear()
            await self.reached.wait()
        return web.Response(text=str(self.count))

    async def last(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.body)


async def main() -> None:
    """Serve."""
    target = _Target()
    app = web.Application()
    ways = {"/hold": target.hold, "/open": target.release, "/until/{count}": target.until, "/body": target.last}
    app.add_routes([web.get(path, handler) for path, handler in ways.items()])
    app.add_routes([web.post("/{tail:.*}", target.deliver)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
