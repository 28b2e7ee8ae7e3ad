"""Walks of lists, and where they stand: what a run goes on with after it was interrupted.

A walk goes page by page. What a page leads to (objects to read by themselves, lists of the accounts on it) is counted
on its step; a cursor moves over a step only when nothing of it and of the steps before is left. So a process that is
killed repeats what was under way, and loses nothing; and only walks under way have a row, not each list that ever was.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from gateway import clock
from gateway.models import SyncCursor

MOST_ANEW = 5  # times that one walk begins a list anew


@dataclass(eq=False)
class Step:
    """One page of a walk. `after` is where the walk goes on behind it, `accounts` are those whose lists it led to."""

    walk: "Walk"
    after: str
    last: bool = False
    left: int = 1
    absorbed: bool = False
    accounts: Sequence[str] = ()


@dataclass(eq=False)
class Walk:
    """The lists (`paths`) that hold all of `model` of one account (None: of the platform).

    `number` is the list that it is in, `after` the last id seen there, `started` the second of Stripe's clock in which
    its first page was asked for. `parent` is the step that led to it. `whole`: this process saw it from its beginning;
    `seen` are the ids that it saw, where they are noted. `anew`: how often it began a list anew.
    """

    model: Any
    account: str | None = None
    paths: Sequence[tuple[str, str | None]] = ()
    parent: Step | None = None
    number: int = 0
    after: str = ""
    started: int = 0
    whole: bool = True
    anew: int = 0
    steps: deque[Step] = field(default_factory=deque)
    seen: set[str] = field(default_factory=set)

    @property
    def noun(self) -> str:
        """Stripe's name of what it lists."""
        return str(self.model.stripe_object)

    @property
    def ended(self) -> bool:
        """Whether it came to its end, and all of its pages are absorbed."""
        return bool(self.steps) and self.steps[-1].last and all(step.absorbed for step in self.steps)

    def step(self, after: str, *, last: bool = False) -> Step:
        """One page more."""
        step = Step(self, after, last)
        self.steps.append(step)
        return step

    def turn(self, objects: Sequence[dict[str, Any]], *, more: bool) -> Step:
        """Go behind a page, to the next list where it was the last: the page's step."""
        if more:
            self.after = str(objects[-1]["id"])
        else:
            self.number, self.after = self.number + 1, ""
        return self.step(f"{self.number}:{self.after}", last=self.number >= len(self.paths))

    def resume(self, cursor: SyncCursor) -> None:
        """Go on where the cursor stands."""
        number, _, self.after = cursor.after.partition(":")
        self.number, self.started = int(number or 0), int(cursor.started_at.timestamp())
        self.whole = not cursor.after

    def begin_anew(self) -> bool:
        """Begin the list that it is in anew: Stripe no longer has the object behind which it goes on.

        False where that happened so often that something else is wrong.
        """
        self.anew += 1
        self.after, self.whole = "", self.whole or self.number == 0
        return self.anew <= MOST_ANEW


def by_model(walks: Iterable[Walk]) -> dict[Any, dict[str | None, Walk]]:
    """{model: {account: walk}}."""
    found: dict[Any, dict[str | None, Walk]] = {}
    for walk in walks:
        found.setdefault(walk.model, {})[walk.account] = walk
    return found


class Cursors:
    """The rows that say where the walks of a run stand that `began` then; `scope` keeps other runs apart."""

    def __init__(self, nouns: Iterable[str], began: datetime, scope: str) -> None:
        self.nouns, self.began, self.scope = {f"{scope}{noun}": noun for noun in nouns}, began, scope
        self._moved: dict[Walk, Step] = {}
        self._passed: set[str] = set()

    def known(self, accounts: Iterable[str]) -> dict[tuple[str, str], SyncCursor]:
        """{(noun, account): row} of this run's walks. One query."""
        rows = self._rows().filter(account__in=list(accounts), started_at__gte=self.began)
        return {(self.nouns[row.noun], row.account): row for row in rows}

    def settle(self, step: Step) -> list[Walk]:
        """One thing less is left of a step; the walks that have ended by it, those that led to them included."""
        step.left -= 1
        walk, ended = step.walk, []
        while walk.steps and not walk.steps[0].left:
            self._moved[walk] = done = walk.steps.popleft()
            self._passed.update(done.accounts)
            if done.last:
                ended += [walk, *(self.settle(walk.parent) if walk.parent else ())]
        return ended

    def save(self) -> None:
        """Write what has moved since the last time: two statements at most. What a cursor has passed needs no row."""
        moved = [self._row(*each) for each in self._moved.items() if each[0].account not in self._passed]
        rows = {(row.noun, row.account): row for row in moved}  # of a list that is walked anew beside itself, the last
        if rows:
            SyncCursor.objects.bulk_create(
                list(rows.values()),
                update_conflicts=True,
                unique_fields=["noun", "account"],
                update_fields=["after", "started_at", "finished_at"],
            )
        if self._passed:
            self._rows().filter(account__in=self._passed).delete()
        self._moved, self._passed = {}, set()

    def forget(self) -> None:
        """Remove what is left when a run has ended."""
        self._rows().filter(started_at__gte=self.began).delete()

    def _rows(self) -> QuerySet[SyncCursor]:
        return SyncCursor.objects.filter(noun__in=self.nouns)

    def _row(self, walk: Walk, step: Step) -> SyncCursor:
        return SyncCursor(
            noun=f"{self.scope}{walk.noun}",
            account=walk.account or "",
            after="" if step.last else step.after,
            started_at=max(clock.from_unix(walk.started) or self.began, self.began),
            finished_at=clock.now() if step.last else None,
        )
