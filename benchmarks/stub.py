"""A server of list pages that answers after a fixed time: what a walk of Stripe's lists takes of our own.

Its objects are those that the sandbox shows, each with an id of its own. It counts what it answered (`GET /counted`).
"""

import asyncio
import json
import multiprocessing
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.stack import free_ports, wait_until

ACCOUNT, PAGE = "acct_1Bench{:08d}", 100
PLATFORM = {"id": "acct_1BenchPlatform", "object": "account"}
EMPTY = b'{"object": "list", "data": [], "has_more": false, "url": "/v1/nothing"}'
HEAD = (
    "HTTP/1.1 200 OK\r\nRequest-Id: req_1\r\nDate: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
)


@dataclass(frozen=True)
class World:
    """What the stub shows: so many accounts, so many cards of each; an example of each, and how long answers take."""

    account: dict[str, Any]
    card: dict[str, Any]
    accounts: int
    cards: int
    latency: float = 0.005  # seconds


class Stub:
    """Answers requests by the world; one connection is answered one request after the other."""

    def __init__(self, world: World) -> None:
        self.world, self.counted = world, 0
        self.account, self.card = (json.dumps(each, indent=2).encode() for each in (world.account, world.card))

    async def serve(self, port: int) -> None:
        """For ever."""
        server = await asyncio.start_server(self.converse, "127.0.0.1", port)
        await server.serve_forever()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        with suppress(ConnectionError):  # whoever asked may have been killed
            while head := await reader.read(65536):
                target = head.split(b" ", 2)[1].decode()
                named = re.search(rb"(?i)stripe-account: *(\S+)", head)
                body = self.answer(target, named[1].decode() if named else "")
                await asyncio.sleep(self.world.latency if target.startswith("/v1/") else 0)
                writer.write(HEAD.format(formatdate(usegmt=True), len(body)).encode() + body)
                await writer.drain()
        writer.close()

    def answer(self, target: str, account: str) -> bytes:
        """The body."""
        if target == "/counted":
            return str(self.counted).encode()
        self.counted += 1
        parts = urlsplit(target)
        after = parse_qs(parts.query).get("starting_after", [""])[0]
        if parts.path == "/v1/account":
            return json.dumps(PLATFORM).encode()
        if parts.path == "/v1/accounts":
            return self.page(self.account, self.world.account["id"], ACCOUNT, self.world.accounts, after)
        if parts.path == "/v1/issuing/cards":
            name = f"ic_{account.removeprefix('acct_')}" + "{:08d}"
            return self.page(self.card, self.world.card["id"], name, self.world.cards, after)
        return EMPTY

    def page(self, shown: bytes, its_id: str, name: str, many: int, after: str) -> bytes:
        """Those behind `after`, the highest number first."""
        top = int(after[-8:]) if after else many
        low = max(top - PAGE, 0)
        pieces = shown.split(its_id.encode())
        objects = b",".join(name.format(number).encode().join(pieces) for number in range(top - 1, low - 1, -1))
        more = b"true" if low else b"false"
        return b'{"object": "list", "url": "/v1/x", "has_more": ' + more + b', "data": [' + objects + b"]}"


def _run(world: World, port: int) -> None:
    asyncio.run(Stub(world).serve(port))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def stub(world: World) -> Iterator[str]:
    """Its address, while it runs in a process of its own."""
    (port,) = free_ports(1)
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(world, port), daemon=True)
    process.start()
    try:
        wait_until(lambda: _listens(port), 20, "the stub")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()
