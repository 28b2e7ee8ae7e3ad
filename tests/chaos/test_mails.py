"""Mails to a server that dies in the middle, by a worker that is killed: each is sent once, or in doubt for a person.

What the server took is compared with the rows by Message-ID.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.chaos.test_kills import kill_one
from tests.smtp_server import DIE, HANG, TAKE_AND_DIE, SmtpServer
from tests.stack import Stack, empty_postgres, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.prove]
WHY = "Compared with the log of the mail server"
EVERY = 3.0  # seconds between two kills
MAILS = int(os.environ.get("CHAOS_MAILS", "100"))
QUEUE = """
from django.db import transaction
from console.mail import mails
with transaction.atomic():
    for number in range({many}):
        mails.queue("test", f"staff{{number}}@example.com", {{"link": "me"}})
"""


def runs() -> list[Any]:
    """On every database that there is."""
    return [(name, MAILS) for name in ("sqlite", *(["postgres"] if os.environ.get("TEST_DATABASE_URL") else []))]


class Moody:
    """What the server answers: mostly as usual, now and then a refusal, or its death at the worst moment."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def __call__(self, step: str) -> str:
        mood = self.chance.random()
        if step == "content":
            return TAKE_AND_DIE if mood < 0.03 else DIE if mood < 0.05 else HANG if mood < 0.06 else ""
        if step == "rcpt":
            return "450 4.2.0 Greylisted" if mood < 0.05 else "550 5.1.1 No such user" if mood < 0.07 else ""
        return DIE if step == "data" and mood < 0.02 else ""


@pytest.fixture(params=runs())
def world(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[tuple[Stack, SmtpServer, int]]:
    name, many = request.param
    with ExitStack() as ends:
        url = ends.enter_context(empty_postgres()) if name == "postgres" else ""
        server = ends.enter_context(SmtpServer(Moody(many)))
        set_to = {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "EMAIL_TIMEOUT": "2", "MAIL_RETRY": "1"}
        yield ends.enter_context(Stack(tmp_path, database_url=url, **set_to)), server, many


def waiting(stack: Stack) -> int:
    """Mails that the worker still has to send."""
    return int(stack.ask("Mail.objects.filter(settled_at=None).count()"))


def states(stack: Stack) -> dict[str, str]:
    """Message-ID → state of every row."""
    return dict(stack.ask("list(Mail.objects.values_list('message_id', 'state'))"))


def of(rows: dict[str, str], state: str) -> set[str]:
    return {message_id for message_id, each in rows.items() if each == state}


def rage(stack: Stack, server: SmtpServer, many: int) -> None:
    """Kill a process of the worker every three seconds, and twice the server, until a fifth of the mails is left."""
    chance, deaths = random.Random(20261126), [many // 2, many // 3]
    while (left := waiting(stack)) > many // 5:
        kill_one(stack, chance)
        if deaths and left < deaths[0]:
            deaths.pop(0)
            server.stop()
            time.sleep(1.5)
            server.start()
        time.sleep(EVERY)


def test_each_mail_is_sent_once_or_in_doubt(world: tuple[Stack, SmtpServer, int]) -> None:
    stack, server, many = world
    stack.manage("shell", "--no-imports", "-c", QUEUE.format(many=many))
    rage(stack, server, many)
    wait_until(lambda: waiting(stack) == 0, 120 + many / 2, "every mail settled" + stack.logs())
    rows, taken = states(stack), Counter(server.message_ids())
    assert len(rows) == many
    assert set(taken.values()) == {1}, "nothing is sent twice by itself"
    sent, doubt, failed = (of(rows, state) for state in ("sent", "unknown", "failed"))
    assert sent | doubt | failed == set(rows)
    assert sent <= set(taken), "what counts as sent was taken"
    assert set(taken) - sent <= doubt, "what was taken and does not count as sent is in doubt"
    assert doubt
    assert len(sent) > many * 0.8
    settle(stack, server, doubt)


def settle(stack: Stack, server: SmtpServer, doubt: set[str]) -> None:
    """A person compares what is in doubt with the server's log: then all is sent, and each mail once."""
    server.answer = "".format
    ids = dict(stack.ask("list(Mail.objects.filter(state='unknown').values_list('message_id', 'id'))"))
    log = set(server.message_ids())
    for decision, chosen in (("--sent", doubt & log), ("--again", doubt - log)):
        if chosen:
            named = [ids[message_id] for message_id in chosen]
            stack.manage("mail_settle", *named, decision, "--reason", WHY, "--as", "demo")
    stack.manage("mail_settle", "--all-failed", "--again", "--reason", WHY, "--as", "demo")
    wait_until(lambda: waiting(stack) == 0, 60 + MAILS / 5, "the rest sent" + stack.logs())
    rows = states(stack)
    assert set(rows.values()) == {"sent"}
    assert Counter(server.message_ids()) == Counter(rows.keys())
    assert stack.ask("AuditEntry.objects.filter(action__startswith='mail.').count()") >= len(doubt)
