"""Funds, read again where events say that money has moved: both balances, and the balance transactions since."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import islice
from uuid import uuid4

from django.db import InterfaceError, OperationalError, models, transaction
from django.db.models import F, Q

from gateway import back_off, client, mirror, queue, reading
from gateway.claims import CRASHES, Claimed, ClaimedQuerySet
from gateway.errors import Refused, Unreachable
from gateway.models import Event
from issuing.balances.models import Balance, BalanceTransaction

logger = logging.getLogger(__name__)
MOVING = (
    "issuing_authorization.",
    "issuing_transaction.",
    "topup.",
    "balance.",
    "issuing_dispute.",
    "payout.",
)
READ_DUE = "issuing.funds.models.read_due"  # the task
TURN = 5.0  # seconds after which it lets other tasks have their turn
TRIES = 8  # times that funds are read before they are left to the next event: about ten minutes
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0  # seconds between two tries
MOST_PAGES = 20  # of balance transactions that are held at once


class FundsDue(Claimed):
    """An account whose money has moved since its funds were read; gone once they are read.

    Many events of an account are one row, so one reading. `token` tells whether it was asked for again meanwhile.
    """

    waiting = Q(token__isnull=False)
    swept_by = "issuing.funds.models.sweep"

    account = models.CharField(max_length=255, unique=True)
    token = models.UUIDField()

    objects = ClaimedQuerySet.as_manager()

    class Meta(Claimed.Meta):
        """Nobody's list."""

        default_permissions = ()

    def __str__(self) -> str:
        """Return the account's id."""
        return self.account


def _moves(event: Event) -> bool:
    """Whether money of its account has moved."""
    issuing_begins = event.object_key == f"capability:{event.account}.card_issuing"
    return bool(event.account) and (issuing_begins or event.type.startswith(MOVING))


def note(events: Sequence[Event]) -> None:
    """Within the transaction that settles these events: note whose funds are to be read. One statement.

    In order of account, as every process notes them, and after all else that the transaction locks.
    """
    accounts = {event.account for event in events if _moves(event)}
    if accounts:
        due = [FundsDue(account=account, token=uuid4()) for account in sorted(accounts)]
        FundsDue.objects.bulk_create(due, update_conflicts=True, unique_fields=["account"], update_fields=["token"])


def on_events(events: list[Event]) -> None:
    """After that transaction: have the funds read that it noted."""
    if any(map(_moves, events)):
        queue.ask(READ_DUE)


def sweep() -> int:
    """For gateway.sweep: have the funds read that are due and that no task came for. How many are due."""
    number = FundsDue.objects.due().count()
    if number:
        queue.ask(READ_DUE)
    return number


def read_due() -> int:
    """The task: read the funds that are due, of many accounts at once; of how many accounts."""
    queue.begun(READ_DUE)
    number, end = 0, time.monotonic() + TURN
    while time.monotonic() < end:
        claimed = FundsDue.objects.due().order_by("pk")
        rows = claimed.claim(limit=reading.AT_ONCE, skip_locked=True, attempts=F("attempts") + 1)
        if not rows:
            return number
        number += _work_off(rows, end)
    queue.enqueue(READ_DUE)
    return number


def _work_off(rows: list[FundsDue], end: float) -> int:
    """Read the funds of claimed rows and delete these, but for what is to be tried again; how many were read."""
    try:
        outcomes = read_many([row.account for row in rows], end)
    except (OperationalError, InterfaceError):
        raise  # the database is away or overtaxed: nobody's fault
    except Exception as error:  # noqa: BLE001  (odd funds of one account must not keep those of others)
        return _divide(rows, error, end)
    over = []
    for row in rows:
        outcome, tries = outcomes[row.account], row.attempts + 1
        mine = FundsDue.objects.filter(pk=row.pk).held()
        if isinstance(outcome, reading.NotAsked):
            mine.release()
        elif isinstance(outcome, Unreachable) and tries < TRIES:
            wait = back_off.pause(tries, first=FIRST_PAUSE, longest=LONGEST_PAUSE, named=outcome.retry_after)
            mine.pause(wait)
        else:
            over.append(row)
            if not isinstance(outcome, int):
                logger.warning("funds of %s were not read: %s", row.account, outcome)
    _settle(over)
    return sum(isinstance(outcomes[row.account], int) for row in over)


def _divide(rows: list[FundsDue], error: Exception, end: float) -> int:
    """Work them off by halves, and note with a row by itself that it raised: after CRASHES it is given up."""
    if len(rows) > 1:
        half = len(rows) // 2
        return _work_off(rows[:half], end) + _work_off(rows[half:], end)
    (row,) = rows
    tries = row.attempts + 1
    logger.warning("funds of %s were not read: %s", row.account, type(error).__name__)
    if tries >= CRASHES:
        _settle(rows)
    else:
        wait = back_off.pause(tries, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        FundsDue.objects.filter(pk=row.pk).held().pause(wait)
    return 0


def _settle(rows: list[FundsDue]) -> None:
    """Delete these rows; what was noted again meanwhile is due at once.

    Together where nobody has locked them. The others one by one: whoever waits for a row holds no other.
    """
    with transaction.atomic():
        free = FundsDue.objects.filter(pk__in=[row.pk for row in rows]).select_for_update(skip_locked=True, no_key=True)
        now = set(free.values_list("pk", flat=True))
        _end([row for row in rows if row.pk in now])
    for row in rows:
        if row.pk not in now:
            _end([row])


def _end(rows: list[FundsDue]) -> None:
    if rows:
        FundsDue.objects.filter(token__in=[row.token for row in rows]).delete()
        FundsDue.objects.filter(pk__in=[row.pk for row in rows]).held().put_off(None, attempts=0)


def read_funds(account_id: str) -> int:
    """Read both balances, and the balance transactions since those we know; how many were new. Two calls as a rule.

    Raises Refused, Unreachable.
    """
    outcome = read_many([account_id])[account_id]
    if isinstance(outcome, int):
        return outcome
    raise outcome


def read_many(account_ids: Sequence[str], end: float = float("inf")) -> dict[str, int | reading.Failure]:
    """The same for many accounts at once, written together: {account: how many were new, or why it was not read}."""
    ids = {account_id: f"{account_id}.balance" for account_id in account_ids}
    known = reading.revisions(Balance, list(ids.values()))
    calls = [partial(_ask, account_id, known[row_id]) for account_id, row_id in ids.items()]
    answers = dict(zip(account_ids, reading.at_once(calls, end), strict=True))
    found = {account_id: answer for account_id, answer in answers.items() if isinstance(answer, tuple)}
    outcome: dict[str, int | reading.Failure] = {
        account_id: answer for account_id, answer in answers.items() if not isinstance(answer, tuple)
    }
    again = reading.write(Balance, [balance for balance, _ in found.values()]) if found else []
    joined = _joined([(account_id, page) for account_id, (_, page) in found.items() if page])
    new = _write_new([(account_id, page) for account_id, (_, page) in found.items() if account_id in joined and page])
    asked = False
    for account_id, (balance, page) in found.items():
        whole = account_id in joined or page is None
        if (further := balance in again or not whole) and asked and time.monotonic() >= end:
            outcome[account_id] = reading.NotAsked()
            continue
        asked = asked or further  # one at least, so that each turn comes further
        try:
            if balance in again:
                mirror.fetch_row(Balance, balance.row_id, account_id)
            outcome[account_id] = new[account_id] if whole else _read_since(account_id)
        except (Refused, Unreachable) as failure:
            outcome[account_id] = failure
    return outcome


def _ask(account_id: str, revision: int) -> tuple[reading.Read, client.Answer | None]:
    """An account's balances, and the newest page of its balance transactions where it has balances still."""
    data, sent_at = mirror.read(Balance, f"{account_id}.balance", account_id)
    balance = reading.Read(f"{account_id}.balance", account_id, data, sent_at, revision)
    return balance, None if data is None else next(client.pages(BalanceTransaction.listed_at, account=account_id))


def _joined(pages: Sequence[tuple[str, client.Answer]]) -> set[str]:
    """The accounts whose newest page leaves no gap to what is known: it shows some of it, or all there is."""
    shown = [data["id"] for _, page in pages for data in page.data["data"]]
    known = set(BalanceTransaction.every.filter(pk__in=shown).values_list("pk", flat=True))
    return {
        account_id
        for account_id, page in pages
        if not page.data.get("has_more") or any(data["id"] in known for data in page.data["data"])
    }


def _read_since(account_id: str) -> int:
    """Read what is newer than the newest that is known, oldest page first, so that no interruption leaves a gap.

    Of an account of which none is known, all pages up to MOST_PAGES; a longer list is left to sync.
    """
    path, known = BalanceTransaction.listed_at, BalanceTransaction.every.filter(account=account_id)
    newest = known.order_by("-created").values_list("pk", flat=True).first()
    if newest:
        pages = client.newer_pages(path, account=account_id, before=newest)
        return sum(_write_new([(account_id, page)])[account_id] for page in pages)
    found = list(islice(client.pages(path, account=account_id), MOST_PAGES))
    if found[-1].data.get("has_more"):
        logger.warning("%s has more balance transactions than are read after an event: sync reads them", account_id)
        return 0
    return sum(_write_new([(account_id, page)])[account_id] for page in reversed(found))


def _write_new(pages: Sequence[tuple[str, client.Answer]]) -> dict[str, int]:
    """Write the balance transactions of these pages that are not known; how many of each account."""
    shown = {data["id"]: (account, data, page.sent_at) for account, page in pages for data in page.data["data"]}
    known = set(BalanceTransaction.every.filter(pk__in=shown).values_list("pk", flat=True))
    kept = partial(mirror.kept, BalanceTransaction)
    new = [
        reading.Read(row_id, account, kept(data), sent_at)
        for row_id, (account, data, sent_at) in shown.items()
        if row_id not in known
    ]
    if new:
        reading.write(BalanceTransaction, new)
    return Counter(read.account or "" for read in new)
