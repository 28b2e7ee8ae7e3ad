"""Walking every list at Stripe: the first import, and what neither webhook nor catch-up brought.

After a whole walk of a list, what the mirror holds and the walk did not show is read by itself, to see whether it is
gone. Interrupted, a run goes on at the page where it stood. gateway.walking is the loop that does it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from django.db import connection

from gateway import absorbing, client, clock, mirror
from gateway.absorbing import Object, Outcome
from gateway.models import SyncCursor
from gateway.processes import Helper
from gateway.walking import Absorb, Accounts, Loop, Progress, Report, Way
from gateway.walks import Cursors, Walk

THREADS = 16  # calls under way at once: 80 a second need so many where an answer takes 200 ms
TRIES = 5
RUN = "run"


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
    return go(way, "", named(nouns, accounts), accounts, progress, threads, processes)


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


def go(
    way: Way,
    kind: str,
    name: str,
    accounts: Sequence[str] | None,
    report: Report | None,
    threads: int,
    processes: int,
) -> Progress:
    """Do it, from its beginning or from where it stood. Its cursors are named by its `kind`."""
    client.with_retries(clock.refresh, tries=TRIES)  # by Stripe's clock a cursor is of this run or of an earlier one
    now = clock.now().replace(microsecond=0)
    row, _ = SyncCursor.objects.get_or_create(noun=f"{kind}{RUN}", account=name, defaults={"started_at": now})
    if row.finished_at is not None:
        row.started_at, row.finished_at = now, None
        row.save()
    cursors = Cursors([model.stripe_object for model in (*way.models, Accounts)], row.started_at, kind)
    source, walks = _beginnings(way, cursors, name, accounts)
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
    found = []
    of_noun: dict[Any, dict[str | None, Walk]] = {}
    for walk in walks:
        of_noun.setdefault(walk.model, {})[walk.account] = walk
    for model, of in of_noun.items():
        rows = model.objects.filter(gone_at=None, as_of__lt=max(walk.started for walk in of.values())).order_by("pk")
        rows = rows if None in of else rows.filter(account__in=of)
        for row_id, owner, as_of in rows.values_list("pk", "account_id", "as_of"):
            walk = of.get(None) or of[owner]
            if as_of < walk.started:
                found.append((walk, Object(0, walk.noun, row_id, owner)))
    return found
