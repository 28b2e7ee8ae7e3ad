"""Walking every list at Stripe: the first import, and what neither webhook nor catch-up brought.

After a whole walk of a list, what the mirror holds and the walk did not show is read by itself, to see whether it is
gone. Interrupted, a run goes on at the page where it stood. gateway.walking is the loop that does it.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from gateway import absorbing, catch_up, client, clock, drift, mirror, queue
from gateway import nouns as nouns_with_events
from gateway.absorbing import Object, Outcome, Page
from gateway.models import Drift, SyncCursor
from gateway.processes import Helper
from gateway.walking import Absorb, Accounts, Loop, Progress, Report, Way
from gateway.walks import Cursors, Walk, by_model

THREADS = 16  # calls under way at once: 80 a second need so many where an answer takes 200 ms
TRIES = 5
RUN = "run"
KEPT = timedelta(seconds=catch_up.KEPT)
MOST_TYPES = 20  # that Stripe takes at once


class UnknownNoun(Exception):  # noqa: N818  (named after what is wrong)
    """No mirror has this name."""


def run(
    nouns: Sequence[str] | None = None,
    accounts: Sequence[str] | None = None,
    progress: Report | None = None,
    threads: int = THREADS,
    processes: int = 1,
) -> Progress:
    """Walk the lists of these nouns (default: all) of these accounts (default: the platform and all of ours).

    Interrupted, it goes on where it stopped when called with the same arguments. With more than one of `processes`, so
    many absorb what this one reads; with one of `threads` the caller's does everything. Raises UnknownNoun, Refused,
    Unreachable (after five tries of the same page).
    """
    way = Way(models_of(nouns), absorbing.absorb, _read, _unseen)
    for account in accounts or ():
        client.with_retries(partial(mirror.read_account, account), tries=TRIES)
    cursor = begin("", named(nouns, accounts))
    return go(way, cursor, accounts, progress, threads, processes)


def compare(
    nouns: Sequence[str] | None = None,
    accounts: Sequence[str] | None = None,
    progress: Report | None = None,
    threads: int = THREADS,
    processes: int = 1,
) -> Progress:
    """The same walk, which writes no row of the mirror: what differs is kept as Drift, in the place of what was known.

    `differences` counts findings. Raises as `run` does.
    """
    _check_known(accounts or ())
    way = Way(models_of(nouns), drift.compare, drift.read, drift.unseen, goes_to=drift.in_mirror, remembers=True)
    cursor = begin("drift.", named(nouns, accounts))
    done = go(way, cursor, accounts, progress, threads, processes)
    found(nouns, accounts).filter(found_at__lt=cursor.started_at).delete()
    return done


def found(nouns: Sequence[str] | None = None, accounts: Sequence[str] | None = None) -> QuerySet[Drift]:
    """What the last comparisons found of these nouns (default: all) and accounts (default: all), in order."""
    rows = Drift.objects.filter(noun__in=nouns or mirror.REGISTRY).order_by("noun", "object_id")
    return rows.filter(account__in=accounts) if accounts else rows


class UnknownAccount(Exception):  # noqa: N818  (named after what is wrong)
    """The mirror has no such account."""


def _check_known(accounts: Sequence[str]) -> None:
    if unknown := set(accounts).difference(drift.in_mirror(list(accounts))):
        raise UnknownAccount(f"{', '.join(sorted(unknown))}: not known here; sync reads it.")


class NotByEvents(Exception):  # noqa: N818  (named after what is wrong)
    """What was asked for cannot be found in the events that Stripe still has."""


def since(
    ago: timedelta | datetime,
    nouns: Sequence[str] | None = None,
    accounts: Sequence[str] | None = None,
    progress: Report | None = None,
    threads: int = THREADS,
) -> Progress:
    """List the events of the platform and of all of ours since then, and store those that are missing.

    One call for each account and each hundred events. `differences` counts what was stored; the worker applies it.
    Raises NotByEvents, else as `run` does.
    """
    models_of(nouns)
    _check_known(accounts or ())
    types = nouns_with_events.types_of(nouns or ())
    if silent := sorted(set(nouns or ()) - set(types)):
        raise NotByEvents(f"Stripe sends no events of {', '.join(silent)}: only a sync of whole lists finds them.")
    wanted = sorted(set(chain(*types.values())))
    if reason := _out_of_reach(clock.now() - ago if isinstance(ago, timedelta) else ago):
        raise NotByEvents(reason)
    cursor = begin("since.", named(nouns, accounts, str(ago)))
    at = cursor.started_at - ago if isinstance(ago, timedelta) else ago
    params = {"created": {"gte": int(at.timestamp())}, **({"types": wanted} if 0 < len(wanted) <= MOST_TYPES else {})}
    way = Way([Events()], partial(_store, types=frozenset(wanted)), _read, lambda _: [], params)
    done = go(way, cursor, accounts, progress, threads, 1)
    queue.wake()
    return done


def _out_of_reach(at: datetime) -> str:
    """Why events do not tell what happened since then; "" where they do."""
    if at > clock.now():
        return "That moment has not come yet."
    keeps = f"Stripe keeps events for {KEPT.days} days"
    return "" if at >= clock.now() - KEPT else f"{keeps}: what changed before is found by a sync of whole lists alone."


class Events:
    """The lists of events (docs.stripe.com/api/events): the platform's own, and each account's."""

    stripe_object = "event"

    def sync_paths(self, account: str | None) -> list[tuple[str, str | None]]:
        """One list each."""
        return [("/v1/events", account)]

    def listed_for(self, accounts: Collection[str]) -> Collection[str]:
        """All have one."""
        return accounts


def _store(pages: Sequence[Page], types: frozenset[str]) -> Outcome:
    """Store the events of these types (empty: of all) that are missing."""
    outcome = Outcome()
    for page in pages:
        wanted = [each for each in page.objects if not types or each.get("type") in types]
        outcome.objects += len(wanted)
        outcome.differences += catch_up.store(wanted, page.account or "") if wanted else 0
    return outcome


def models_of(nouns: Sequence[str] | None) -> list[type[mirror.Mirror]]:
    """The mirrors of these nouns, or all. Raises UnknownNoun."""
    unknown = set(nouns or []).difference(mirror.REGISTRY)
    if unknown:
        raise UnknownNoun(f"{', '.join(sorted(unknown))}: known are {', '.join(sorted(mirror.REGISTRY))}")
    return [mirror.REGISTRY[noun] for noun in sorted(set(nouns or mirror.REGISTRY))]


def named(nouns: Sequence[str] | None, accounts: Sequence[str] | None, *more: str) -> str:
    """The name of a run, by which one with the same arguments finds it."""
    name = "|".join([",".join(sorted(nouns or [])), ",".join(sorted(accounts or [])), *more])
    return name if len(name) <= 255 else hashlib.sha256(name.encode()).hexdigest()


def begin(kind: str, name: str) -> SyncCursor:
    """The row of a run, which begins or goes on; cursors of another `kind` or `name` are others."""
    clock.follow()  # by Stripe's clock a cursor is of this run or of an earlier one
    now = clock.now().replace(microsecond=0)
    row, _ = SyncCursor.objects.get_or_create(noun=f"{kind}{RUN}", account=name, defaults={"started_at": now})
    if row.finished_at is not None:
        row.started_at, row.finished_at = now, None
        row.save()
    return row


def scope(row: SyncCursor) -> str:
    """What the nouns of a run's cursors begin with: another run may stand elsewhere in the same list."""
    return f"{row.noun.removesuffix(RUN)}{hashlib.sha256(row.account.encode()).hexdigest()[:12]}."


def go(
    way: Way,
    row: SyncCursor,
    accounts: Sequence[str] | None,
    report: Report | None,
    threads: int,
    processes: int,
) -> Progress:
    """Do it, from its beginning or from where it stood."""
    nouns = [model.stripe_object for model in (*way.models, Accounts)]
    cursors = Cursors(nouns, row.started_at, scope(row))
    source, walks = _beginnings(way, cursors, row.account, accounts)
    with _absorbers(way, processes) as absorbers:
        done = Loop(way, cursors, source, report, threads, absorbers).go(walks)
    cursors.forget()
    SyncCursor.objects.filter(pk=row.pk).update(finished_at=clock.now())
    return done


def _beginnings(
    way: Way, cursors: Cursors, name: str, accounts: Sequence[str] | None
) -> tuple[Accounts | None, list[Walk]]:
    """The accounts to go to, None where lists will show them, and the platform's lists."""
    listed = mirror.account_model() in way.models and accounts is None
    source = None if listed else Accounts(accounts, name)
    platform = [Walk(model, None, tuple(model.sync_paths(None))) for model in way.models if accounts is None]
    walks = [walk for walk in platform if walk.paths]
    known = cursors.known(["", name])
    for walk in [*walks, *([source.walk] if source else [])]:
        cursor = known.get((walk.noun, walk.account or ""))
        if cursor and cursor.finished_at:
            walks = [each for each in walks if each is not walk]
        elif cursor:
            walk.resume(cursor)
    return source, walks


@contextmanager
def _absorbers(way: Way, processes: int) -> Iterator[list[Absorb]]:
    """Whoever absorbs: processes of their own, or this one, which has PostgreSQL work for it twice at a time."""
    if processes < 2:
        yield [way.absorb] * (2 if connection.vendor == "postgresql" else 1)
        return
    with ExitStack() as stack:
        helpers: list[Absorb] = []
        for _ in range(processes):
            helper = Helper(f"{way.absorb.__module__}.{way.absorb.__name__}")
            stack.callback(helper.stop)
            helpers.append(helper)
        yield helpers


def _read(what: Object) -> Outcome:
    """Read one object: what a page left open, or what no page showed."""
    outcome = Outcome()

    def then(row: mirror.Mirror, old: dict[str, Any] | None) -> None:
        outcome.differences, outcome.gone = int(mirror.witness_found(row, old)), row.gone

    mirror.fetch_row(mirror.REGISTRY[what.noun], what.row_id, what.account, then=then)
    return outcome


def _unseen(walks: Iterable[Walk]) -> list[tuple[Walk, Object]]:
    """What the mirror holds and these walks, which have ended, did not show. One query a noun."""
    left = []
    for model, of in by_model(walks).items():
        rows = model.objects.filter(gone_at=None, as_of__lt=max(walk.started for walk in of.values())).order_by("pk")
        rows = rows if None in of else rows.filter(account__in=of)
        for row_id, owner, as_of in rows.values_list("pk", "account_id", "as_of"):
            walk = of.get(None) or of[owner]
            if as_of < walk.started:
                left.append((walk, Object(0, walk.noun, row_id, owner)))
    return left
