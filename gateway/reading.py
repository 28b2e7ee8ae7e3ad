"""Many reads at Stripe at once, and what they show written together."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, connections, transaction

from gateway import mirror, order
from gateway.errors import Refused, Unreachable

AT_ONCE = 100  # reads of one round: a claim is renewed before each
T = TypeVar("T")


class NotAsked(Exception):  # noqa: N818  (an answer, not a fault)
    """The time was over before the call began."""


Failure = Refused | Unreachable | NotAsked


@dataclass(frozen=True)
class Read:
    """What Stripe shows of one row: `data` is None where the object is gone.

    `revision` is the row's before the call, None where it was not looked up; `settles` as in gateway.order.after_fetch.
    """

    row_id: str
    account: str | None
    data: dict[str, Any] | None
    sent_at: int
    revision: int | None = None
    settles: int = 0

    def decide(self, row: mirror.Mirror) -> order.Write | order.Fetch | order.Keep:
        """What becomes of the row."""
        if self.revision is None:
            return order.after_answer(row.standing(), self.data, self.sent_at)
        return order.after_fetch(row.standing(), self.revision, self.data, self.sent_at, self.settles)


def in_rounds(wanted: Sequence[T]) -> Iterator[list[T]]:
    """So many as are read before claims are renewed."""
    left = iter(wanted)
    while part := list(islice(left, AT_ONCE)):
        yield part


def at_once(calls: Sequence[Callable[[], T]], end: float = float("inf")) -> list[T | Failure]:
    """What each call returns, or why it did not; as many at once as a process has places for (gateway.connection).

    What is not begun by `end` (monotonic seconds) is not asked. In a transaction, whose rows no other thread would see,
    one after the other. Raises what is neither Refused nor Unreachable.
    """
    threads = min(len(calls), max(1, settings.THREADS // 2))
    if threads < 2 or connection.in_atomic_block:
        return [_answer(call, end) for call in calls]
    share = [list(range(first, len(calls), threads)) for first in range(threads)]
    found: list[T | Failure] = [NotAsked()] * len(calls)

    def ask(mine: Sequence[int]) -> None:
        try:
            for place in mine:
                found[place] = _answer(calls[place], end)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, share))
    return found


def _answer(call: Callable[[], T], end: float) -> T | Failure:
    if time.monotonic() >= end:
        return NotAsked()
    try:
        return call()
    except (Refused, Unreachable) as failure:
        return failure


def revisions(model: type[mirror.Mirror], row_ids: Sequence[str]) -> dict[str, int]:
    """The rows' revisions before a call; 0 for those that are not there. One query."""
    found = dict(model.every.filter(pk__in=row_ids).values_list("pk", "revision"))
    return {row_id: found.get(row_id, 0) for row_id in row_ids}


def write(
    model: type[mirror.M], reads: Sequence[Read], then: Callable[[list[tuple[mirror.M, Any]]], object] | None = None
) -> list[Read]:
    """Write the rows in one transaction; return what must be read again, because its row was written meanwhile.

    `then([(row, data before)])` runs in the transaction, of all but those. Each row once.
    """
    decided, again = [], []
    with transaction.atomic():
        rows = mirror.locked(model, {read.row_id: read.account for read in reads})
        for read in reads:
            decision = read.decide(rows[read.row_id])
            if isinstance(decision, order.Fetch):
                again.append(read)
            else:
                decided.append((rows[read.row_id], decision))
        before = [(row, row.data) for row, _ in decided]
        mirror.apply_all(model, decided)
        if then:
            then(before)
    return again


def read_all(model: type[mirror.M], wanted: dict[str, str | None], end: float = float("inf")) -> list[Read | Failure]:
    """Read the objects of {row id: account}, in its order: one call each. Nothing is written."""
    known = revisions(model, list(wanted))
    answers = at_once([partial(mirror.read, model, row_id, account) for row_id, account in wanted.items()], end)
    return [
        answer if isinstance(answer, Failure) else Read(row_id, account, *answer, revision=known[row_id])
        for (row_id, account), answer in zip(wanted.items(), answers, strict=True)
    ]
