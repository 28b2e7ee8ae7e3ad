"""A mix of account, card and authorization events, and a Stripe that knows what they speak of. Half is unknown here.

Templates are objects of the sandbox, so that sizes are real; ids are made up by number. `python -m benchmarks.mix
PORT FILE` is that Stripe: it answers reads alone, in WAITS seconds each, and costs next to nothing of the machine.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Data = dict[str, Any]
WAITS = 0.005  # seconds until an answer
EVENTS_EACH = 8  # events an account
BORN = 1_790_000_000
# Puts into the mirror what half of the accounts have. No catch-up is due.
FILL = """
import json
from django.utils import timezone
from benchmarks import mix
from gateway import catch_up, mirror
from gateway.models import Heartbeat
Heartbeat.objects.create(name=catch_up.FINISHED, at=timezone.now())
its = mix.Mix(**json.loads({described!r}))
for kind, objects in its.known():
    model = mirror.REGISTRY[kind]
    for start in range(0, len(objects), 1000):
        rows = []
        for account, data in objects[start : start + 1000]:
            row = model(id=data["id"], account_id=account, as_of=mix.BORN, revision=1)
            row.data = model.normalise(data)
            row.set_columns()
            rows.append(row)
        model.every.bulk_create(rows, ignore_conflicts=True)
"""


class Mix:
    """So many accounts with a cardholder's card and two authorizations each; those of even number the mirror has."""

    def __init__(self, templates: Data, accounts: int) -> None:
        self.templates, self.accounts = templates, accounts

    def described(self) -> str:
        """What makes the same in another process."""
        return json.dumps({"templates": self.templates, "accounts": self.accounts})

    def account(self, number: int, turn: int = 9) -> Data:
        """An account as Stripe has it; its metadata tell the turn."""
        own = f"acct_1Bench{number:08d}"
        return {**self.templates["account"], "id": own, "created": BORN + number, "metadata": {"turn": str(turn)}}

    def card(self, number: int, turn: int = 9) -> Data:
        """Its one card."""
        return {**self.templates["card"], "id": f"ic_1Bench{number:08d}", "metadata": {"turn": str(turn)}}

    def authorization(self, number: int, which: int, status: str = "closed") -> Data:
        """One of its two authorizations."""
        own = f"iauth_1Bench{number:08d}x{which}"
        return {**self.templates["authorization"], "id": own, "card": self.card(number), "status": status}

    def known(self) -> Iterator[tuple[str, list[tuple[str, Data]]]]:
        """What the mirror has before the events: kind, and (account, object) of all its rows."""
        numbers = range(0, self.accounts, 2)
        yield "account", [(self.account(number)["id"], self.account(number, 0)) for number in numbers]
        yield "issuing.card", [(self.account(number)["id"], self.card(number, 0)) for number in numbers]
        first = [(self.account(number)["id"], self.authorization(number, 0, "pending")) for number in numbers]
        yield "issuing.authorization", first

    def events(self, seed: int = 1, accounts: int = 0) -> list[Data]:
        """EVENTS_EACH events of each account, or of the first so many, a little out of order."""
        now = int(time.time()) - self.accounts
        made = []
        for number in range(accounts or self.accounts):
            made += [
                (at + chance, event)
                for (at, event), chance in zip(self._of(number, now + number), self._chances(seed), strict=False)
            ]
        return [event for _, event in sorted(made, key=lambda pair: pair[0])]

    def _chances(self, seed: int) -> Iterator[float]:
        chance = random.Random(seed)
        while True:
            yield chance.uniform(0, 4)

    def _of(self, number: int, at: int) -> Iterator[tuple[int, Data]]:
        own = self.account(number)["id"]
        one, other = (self.authorization(number, which, "pending") for which in (0, 1))
        kinds = (
            ("account.updated", self.account(number, 8), {"metadata": {"turn": "0"}}),
            ("issuing_card.updated", self.card(number, 8), {"metadata": {"turn": "0"}}),
            ("issuing_authorization.created", one, {}),
            ("issuing_card.updated", self.card(number, 9), {"metadata": {"turn": "8"}}),
            ("issuing_authorization.created", other, {}),
            ("issuing_authorization.updated", {**one, "status": "closed"}, {"status": "pending"}),
            ("issuing_authorization.updated", {**other, "status": "closed"}, {"status": "pending"}),
            ("account.updated", self.account(number, 9), {"metadata": {"turn": "8"}}),
        )
        for turn, (kind, data, previous) in enumerate(kinds):
            yield at + turn, event_of(kind, data, previous, own, at + turn)


def event_of(kind: str, data: Data, previous: Data, account: str, created: int) -> Data:
    """An event as our Connect endpoint gets it."""
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "account": account,
        "api_version": "2026-10-28.endive",
        "created": created,
        "data": {"object": data, **({"previous_attributes": previous} if previous else {})},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


class Stripe(asyncio.Protocol):
    """Answers reads over a kept-alive connection."""

    mix: Mix
    counts: dict[str, int] = {}

    def connection_made(self, transport: Any) -> None:
        """Somebody connected."""
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        """A request has no body."""
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            body = json.dumps(self.answer(head.decode())).encode()
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
            status = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nRequest-Id: req_1\r\nContent-Length: {len(body)}\r\n\r\n"
            asyncio.get_running_loop().call_later(WAITS, self.transport.write, status.encode() + body)

    def answer(self, head: str) -> Data:
        """The object or list that is asked for."""
        lines = head.split("\r\n")
        url = urlsplit(lines[0].split()[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        parts, account = url.path.split("/")[2:], headers.get("stripe-account", "")
        self.counts[parts[0]] = self.counts.get(parts[0], 0) + 1
        number = int(account[-8:] or 0)
        if parts[0] == "counts":
            return self.counts
        if parts[0] in ("account", "events"):  # the platform's own, and what catch-up asks for
            return _list([]) if parts[0] == "events" else {"id": "acct_1Platform", "object": "account"}
        if parts == ["accounts"]:
            return self.accounts(parse_qs(url.query))
        if parts[0] == "accounts":
            return self.mix.account(int(parts[1][-8:]))
        if parts[0] == "balance":
            return self.mix.templates["balance"]
        if parts[0] == "balance_transactions":
            return _list([{**each, "id": f"{each['id']}{number}"} for each in self.mix.templates["movements"]])
        if parts[:2] == ["issuing", "cards"]:
            return self.mix.card(number)
        return self.mix.authorization(number, int(parts[-1][-1]))

    def accounts(self, asked: dict[str, list[str]]) -> Data:
        """A page of accounts, newest first."""
        first = int(asked["starting_after"][0][-8:]) - 1 if "starting_after" in asked else self.mix.accounts - 1
        last = max(first - int(asked.get("limit", ["10"])[0]), -1)
        return {**_list([self.mix.account(number) for number in range(first, last, -1)]), "has_more": last >= 0}


def _list(objects: list[Data]) -> Data:
    return {"object": "list", "data": objects, "has_more": False, "url": "/v1"}


async def serve(port: int) -> None:
    """Until it is killed."""
    server = await asyncio.get_running_loop().create_server(Stripe, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    Stripe.mix = Mix(**json.loads(Path(sys.argv[2]).read_text()))
    asyncio.run(serve(int(sys.argv[1])))
