"""Walking every list at Stripe: the first import, and what neither webhook nor catch-up brought.

Pages of 100, several lists at once within the rate budget. After a whole walk of a list, what the mirror holds and the
walk did not show is fetched, to see whether it is gone.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

from django.db import connections, transaction

from gateway import client, clock, mirror, order
from gateway.errors import Refused
from gateway.models import SyncCursor

logger = logging.getLogger(__name__)
THREADS = 3
TRIES = 5
RUN = "run"


@dataclass(frozen=True)
class Progress:
    """How far a run is: lists walked, lists known so far, objects seen, and how many of them differed.

    `refused` counts the lists that Stripe does not show, such as Issuing's of an account without Issuing.
    """

    walked: int = 0
    lists: int = 0
    refused: int = 0
    objects: int = 0
    differences: int = 0
    noun: str = ""

    def plus(self, **numbers: int) -> Self:
        """With the numbers added."""
        return replace(self, **{name: getattr(self, name) + number for name, number in numbers.items()})


Report = Callable[[Progress], None]


class UnknownNoun(Exception):  # noqa: N818  (named after what is wrong)
    """No mirror has this name."""


class Run:
    """One run of `run`, resumed while its cursor is not finished."""

    def __init__(self, scope: str, report: Report | None) -> None:
        cursor, _ = SyncCursor.objects.get_or_create(noun=RUN, account=scope, defaults={"started_at": clock.now()})
        if cursor.finished_at is not None:
            cursor.started_at, cursor.finished_at = clock.now(), None
            cursor.save()
        self.cursor, self.report = cursor, report
        self.progress, self.lock = Progress(), threading.Lock()

    def add(self, noun: str, **numbers: int) -> None:
        """Count, and report."""
        with self.lock:
            self.progress = replace(self.progress.plus(**numbers), noun=noun)
            if self.report:
                self.report(self.progress)

    def finish(self) -> None:
        """Let the next run begin anew."""
        SyncCursor.objects.filter(pk=self.cursor.pk).update(finished_at=clock.now())


def run(
    nouns: Sequence[str] | None = None,
    accounts: Sequence[str] | None = None,
    progress: Report | None = None,
    threads: int = THREADS,
) -> Progress:
    """Walk the lists of these nouns (default: all) of these accounts (default: the platform and all of ours).

    Interrupted, it goes on where it stopped when called with the same arguments. Raises UnknownNoun, Refused,
    Unreachable (after five tries of the same page).
    """
    unknown = set(nouns or []).difference(mirror.REGISTRY)
    if unknown:
        raise UnknownNoun(f"{', '.join(sorted(unknown))}: known are {', '.join(sorted(mirror.REGISTRY))}")
    models = [mirror.REGISTRY[noun] for noun in sorted(nouns or mirror.REGISTRY)]
    scope = f"{','.join(sorted(nouns or []))}|{','.join(sorted(accounts or []))}"[:255]
    this = Run(scope, progress)
    for account in accounts or ():
        client.with_retries(partial(mirror.read_account, account), tries=TRIES)
    if accounts is None:
        _walk_all(this, [(model, None) for model in models], threads)
        accounts = list(mirror.account_model().objects.filter(gone_at=None).order_by("pk").values_list("pk", flat=True))
    _walk_all(this, [(model, account) for account in accounts for model in models], threads)
    this.finish()
    return this.progress


def _walk_all(this: Run, walks: Iterable[tuple[type[mirror.Mirror], str | None]], threads: int) -> None:
    """Walk each list that has not been walked in this run."""
    started = this.cursor.started_at
    done = set(SyncCursor.objects.filter(finished_at__gte=started).values_list("noun", "account"))
    left = [
        (model, account)
        for model, account in walks
        if any(model.sync_paths(account)) and (model.stripe_object, account or "") not in done
    ]
    this.add("", lists=len(left))
    if threads < 2 or len(left) < 2:
        for model, account in left:
            _walk(this, model, account)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="sync") as pool:
        tasks = [pool.submit(_in_thread, this, model, account) for model, account in left]
        try:
            for task in wait(tasks, return_when=FIRST_EXCEPTION).done:
                task.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _in_thread(this: Run, model: type[mirror.Mirror], account: str | None) -> None:
    try:
        _walk(this, model, account)
    finally:
        connections.close_all()


def _walk(this: Run, model: type[mirror.Mirror], account: str | None) -> None:
    """Walk the lists that hold all of one noun of one account, then fetch what they did not show."""
    noun = model.stripe_object
    cursor, _ = SyncCursor.objects.get_or_create(noun=noun, account=account or "", defaults={"started_at": clock.now()})
    if cursor.finished_at is not None or cursor.started_at < this.cursor.started_at:
        cursor.started_at, cursor.after, cursor.finished_at = clock.now(), "", None
        cursor.save()
    first, _, after = cursor.after.partition(":")
    try:
        for number, (path, header) in enumerate(model.sync_paths(account)):
            if number >= int(first or 0):
                _walk_list(this, cursor, number, path, header, after if number == int(first or 0) else "")
    except Refused as refused:
        if account is None or not (refused.status == 400 or mirror.means_gone(refused)):
            raise
        logger.info("%s of %s: %s", noun, account, refused)
        this.add(noun, refused=1)
    else:
        _fetch_unseen(this, model, account, cursor.started_at)
    SyncCursor.objects.filter(pk=cursor.pk).update(after="", finished_at=clock.now())
    this.add(noun, walked=1)


def _walk_list(this: Run, cursor: SyncCursor, number: int, path: str, header: str | None, after: str) -> None:
    while True:
        page = client.with_retries(partial(_page, path, header, after), tries=TRIES)
        objects = page.data.get("data") or []
        if number == 0 and not after:
            # By Stripe's clock: ours may have been far off before the first answer.
            cursor.started_at = datetime.fromtimestamp(page.sent_at, UTC)
            cursor.save()
        _absorb(this, page, cursor.account or None)
        if not page.data.get("has_more") or not objects:
            return
        after = objects[-1]["id"]
        SyncCursor.objects.filter(pk=cursor.pk).update(after=f"{number}:{after}")


def _page(path: str, header: str | None, after: str) -> client.Answer:
    return next(client.pages(path, account=header, after=after))


def _absorb(this: Run, page: client.Answer, account: str | None) -> None:
    """Absorb a page, each object by gateway.order; fetch those of which it cannot say what is newer."""
    kinds: dict[type[mirror.Mirror], dict[str, dict[str, Any]]] = {}
    for data in page.data.get("data") or []:
        model = mirror.REGISTRY.get(str(data.get("object")))
        if model:
            kinds.setdefault(model, {})[model.row_id(data, account)] = model.normalise(data)
    for model, objects in kinds.items():
        differed, unclear = _compare(model, objects, page.sent_at, account)
        this.add(model.stripe_object, objects=len(objects), differences=differed)
        for row_id in unclear:
            _fetch(this, model, row_id, account)


def _compare(
    model: type[mirror.Mirror], objects: dict[str, dict[str, Any]], sent_at: int, account: str | None
) -> tuple[int, list[str]]:
    """Write what the page shows, history of what differs included: how many differed, and which must be fetched."""
    unclear, decided, changed = [], [], []
    with transaction.atomic():
        rows = mirror.locked(model, dict.fromkeys(objects, account))
        for row_id, row in rows.items():
            decision = order.after_answer(row.standing(), objects[row_id], sent_at)
            if isinstance(decision, order.Fetch):
                unclear.append(row_id)
            elif isinstance(decision, order.Write) and decision.data != row.data:
                changed.append((row, row.data))
            decided.append((row, decision))
        mirror.apply_all(model, decided)
        for row, old in changed:
            model.witness_difference(old, objects[row.pk], row=row)
    return len(changed), unclear


def _fetch(this: Run, model: type[mirror.Mirror], row_id: str, account: str | None) -> None:
    """Read one object: what the page left open, or what no page showed."""
    differed = []

    def then(row: mirror.Mirror, old: dict[str, Any] | None) -> None:
        differed.append(mirror.witness_found(row, old))

    client.with_retries(partial(mirror.fetch_row, model, row_id, account, then=then), tries=TRIES)
    this.add(model.stripe_object, differences=sum(differed))


def _fetch_unseen(this: Run, model: type[mirror.Mirror], account: str | None, started_at: datetime) -> None:
    """Fetch what the mirror holds and the walk did not show."""
    theirs = model.objects.filter(gone_at=None, as_of__lt=int(started_at.timestamp()))
    if account is not None:
        theirs = theirs.filter(account_id=account)
    for row_id, owner in theirs.order_by("pk").values_list("pk", "account_id"):
        _fetch(this, model, row_id, owner)
