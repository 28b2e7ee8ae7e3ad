"""The loop that walks lists: one thread decides, others read at Stripe, others absorb what came.

Pages of 100, many lists at once within the rate budget; the pages of many lists are absorbed together. The lists of
accounts are begun while the list of accounts goes on, as far as there is room: memory stays flat.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from queue import Empty, SimpleQueue
from typing import Any, Self

from django.db import connection

from gateway import client, mirror
from gateway.absorbing import Object, Outcome, Page
from gateway.connection import counted
from gateway.errors import Refused, Unreachable, means_gone
from gateway.pace import Pace
from gateway.threads import Arrived, Threads
from gateway.walks import Cursors, Step, Walk

logger = logging.getLogger(__name__)
# What is absorbed together: so many objects (SQLite's writers wait for each other), pages, or what came in seconds.
OBJECTS = {"postgresql": 300, "sqlite": 100}
LISTS, LINGER = 150, 0.5
AHEAD = 100  # accounts whose lists are begun together
PAGES_AHEAD = 1  # lots of pages that may wait for a thread that absorbs


@dataclass(frozen=True)
class Progress:
    """How far a run is: lists walked, lists known so far, objects seen, and how many of them differed.

    `refused` counts the lists that Stripe does not show, such as Issuing's of an account without Issuing; `calls` those
    to Stripe, `slowed` the times that it asked to be called less. Of `expected` accounts (0: not known) `accounts` have
    been come to.
    """

    walked: int = 0
    lists: int = 0
    refused: int = 0
    objects: int = 0
    differences: int = 0
    calls: int = 0
    slowed: int = 0
    accounts: int = 0
    expected: int = 0
    noun: str = ""

    def plus(self, **numbers: int) -> Self:
        """With the numbers added."""
        return replace(self, **{name: getattr(self, name) + number for name, number in numbers.items()})


Report = Callable[[Progress], None]
Absorb = Callable[[Sequence[Page]], Outcome]


@dataclass(frozen=True)
class Way:
    """What a run does: it walks the lists of `models`, has `absorb` take pages and `read` single objects left open.

    `unseen` finds what walks that have ended did not show. Lists are asked for with `params`, of those accounts alone
    that `goes_to` leaves. `remembers`: a walk notes the ids that it has seen.
    """

    models: Sequence[Any]
    absorb: Absorb
    read: Callable[[Object], Outcome]
    unseen: Callable[[Sequence[Walk]], list[tuple[Walk, Object]]]
    params: dict[str, Any] = field(default_factory=dict)
    goes_to: Callable[[list[str]], list[str]] = list
    remembers: bool = False


class Accounts:
    """A walk through these accounts, or (None) all that the mirror has, that asks nobody."""

    stripe_object = "accounts"

    def __init__(self, given: Sequence[str] | None, scope: str) -> None:
        self.walk = Walk(self, scope)
        self.given = sorted(given) if given is not None else None

    @property
    def expected(self) -> int:
        """How many there are. One query."""
        return len(self.given) if self.given is not None else self._ours().count()

    def following(self) -> tuple[Step, list[str]]:
        """The next of them, and the step that they are; none with the last step. One query at most."""
        if self.given is None:
            ids = list(self._ours().filter(pk__gt=self.walk.after).values_list("pk", flat=True)[:AHEAD])
        else:
            ids = [account for account in self.given if account > self.walk.after][:AHEAD]
        self.walk.after = ids[-1] if ids else self.walk.after
        return self.walk.step(f"0:{self.walk.after}", last=not ids), ids

    @staticmethod
    def _ours() -> Any:
        return mirror.account_model().objects.filter(gone_at=None).order_by("pk")


@dataclass(frozen=True)
class Read:
    """An object that is read by itself because of a step."""

    step: Step
    object: Object
    unseen: bool = False  # no list has shown it


class Loop:
    """One run. `accounts` are those to go to, in order; None: those that the lists of accounts show."""

    def __init__(
        self,
        way: Way,
        cursors: Cursors,
        accounts: Accounts | None,
        report: Report | None,
        threads: int,
        absorbers: Sequence[Absorb],
    ) -> None:
        self.way, self.cursors, self.accounts, self.report = way, cursors, accounts, report
        # Walks of accounts lead to their lists, unless their accounts are given, or have none.
        self.leading = accounts is None and any(model is not mirror.account_model() for model in way.models)
        whole = accounts or (Accounts(None, "") if self.leading else None)
        self.progress, self.pace = Progress(expected=whole.expected if whole else 0), Pace()
        self.arrived: Arrived = SimpleQueue()
        alone = threads < 2
        self.readers = Threads(0 if alone else threads, "sync-read", self.arrived)
        self.absorbers = Threads(0 if alone else len(absorbers), "sync-absorb", self.arrived)
        self.free: SimpleQueue[Absorb] = SimpleQueue()
        for absorber in absorbers:
            self.free.put(absorber)
        self.most = 1 if alone else 2 * threads  # reads that are handed out
        self.most_lots = PAGES_AHEAD + len(absorbers)
        self.ready: deque[Walk | Read] = deque()
        self.held: deque[Walk] = deque()  # walks that lead to accounts: they go on when there is room
        self.coming = True  # whether a page of theirs is under way
        self.pages: list[tuple[Step, Page]] = []
        self.since = 0.0
        self.reading = self.absorbing = 0

    def go(self, walks: Iterable[Walk]) -> Progress:
        """Walk these, and all that they lead to."""
        try:
            self._begin(walks)
            while self._hand_out() or self.pages:
                self._take()
        finally:
            self.readers.stop()
            self.absorbers.stop()
        return self.progress

    def _begin(self, walks: Iterable[Walk]) -> None:
        walks = list(walks)
        self.ready.extend(walks)
        self._count(lists=len(walks))

    def _hand_out(self) -> int:
        """Give threads what they can begin; how much is under way."""
        while self.reading < self.most and self.absorbing < self.most_lots:
            while len(self.ready) < 2 * self.most and self._come_to_accounts():
                pass
            if not self.ready:
                break
            job = self.ready.popleft()
            self.reading += 1
            self.readers.hand_out(job, partial(self._read, job))
        return self.reading + self.absorbing

    def _come_to_accounts(self) -> bool:
        """There is room: go on with a list of accounts, or to the next accounts that the mirror has. False for none."""
        if self.held and not self.coming:
            self.coming = True
            self.ready.appendleft(self.held.popleft())
        elif self.accounts:
            step, ids = self.accounts.following()
            self._lead(step, ids)
            self._settle([step])
            self.accounts = None if step.last else self.accounts
        else:
            return False
        return True

    def _take(self) -> None:
        """Wait for what arrives next, and see to it."""
        try:
            job, result = self.arrived.get(timeout=LINGER if self.pages else None)
        except Empty:
            self._absorb()
            return
        if isinstance(job, list):
            self.absorbing -= 1
        else:
            self.reading -= 1
        if isinstance(result, Exception):
            self._refused(job, result)
        elif isinstance(job, Walk):
            self._turn(job, result)
        elif isinstance(job, Read):
            self._was_read(job, result)
        else:
            self._absorbed(job, result)
        if self.pages and self._is_lot():
            self._absorb()

    # Reading

    def _read(self, job: Walk | Read) -> Any:
        """In a thread: ask Stripe."""
        with counted():
            if isinstance(job, Read):
                return self.pace.ask(partial(self.way.read, job.object))
            path, header = job.paths[job.number]
            return self.pace.ask(lambda: next(client.pages(path, self.way.params, account=header, after=job.after)))

    def _turn(self, walk: Walk, page: client.Answer) -> None:
        """Keep a page, and go on behind it."""
        objects = page.data.get("data") or []
        more = bool(page.data.get("has_more") and objects)
        if more and objects[-1]["id"] == walk.after:
            raise Unreachable("A list of Stripe's does not go on where it ended.", request_id=page.request_id)
        walk.started = walk.started or page.sent_at
        if self.way.remembers:
            walk.seen.update(str(each["id"]) for each in objects)
        step = walk.turn(objects, more=more)
        self.since = self.since if self.pages else time.monotonic()
        self.pages.append((step, Page(walk.account, objects, page.sent_at)))
        if not step.last and self._leads(walk):
            self.held.append(walk)
        elif not step.last:
            self.ready.appendleft(walk)  # what was begun is ended first
        self._count(walk.noun, calls=1)

    def _refused(self, job: Any, error: Exception) -> None:
        """Pass over a list that Stripe does not show; begin one anew that cannot go on. Raises everything else."""
        if isinstance(job, Walk) and isinstance(error, Refused) and error.param == "starting_after":
            if not job.begin_anew():
                raise error
            logger.info("%s of %s begins anew: %s", job.noun, job.account or "the platform", error)
            self._count(job.noun, calls=1)
            self.ready.appendleft(job)
            return
        if not isinstance(job, Walk) or job.account is None or not isinstance(error, Refused):
            raise error
        if error.status != 400 and not means_gone(error):
            raise error
        logger.info("%s of %s: %s", job.noun, job.account, error)
        self._count(job.noun, calls=1, refused=1)
        self._settle([job.step(job.after, last=True)])

    def _was_read(self, read: Read, outcome: Outcome) -> None:
        """An object was read by itself. An account that no list has shown, and is there, has lists as well."""
        if read.unseen and not outcome.gone and self._leads(read.step.walk):
            self._lead(read.step, [read.object.row_id])
        self._count(read.object.noun, calls=1, differences=outcome.differences)
        self._settle([read.step])

    # Absorbing

    def _is_lot(self) -> bool:
        """Whether what waits to be absorbed is enough, or has waited long enough; what leads on does not wait."""
        objects = sum(len(page.objects) for _, page in self.pages)
        if len(self.pages) >= LISTS or objects >= OBJECTS[connection.vendor]:
            return True
        if any(self._leads(step.walk) for step, _ in self.pages) or not (self.reading or self.ready):
            return True
        return time.monotonic() - self.since >= LINGER

    def _absorb(self) -> None:
        """Hand out what waits."""
        lot, self.pages = self.pages, []
        self.absorbing += 1
        self.absorbers.hand_out(lot, partial(self._absorb_by_free, [page for _, page in lot]))

    def _absorb_by_free(self, pages: Sequence[Page]) -> Outcome:
        """In a thread: by one that is free, of as many as there are threads."""
        absorb = self.free.get()
        try:
            return absorb(pages)
        finally:
            self.free.put(absorb)

    def _absorbed(self, lot: list[tuple[Step, Page]], outcome: Outcome) -> None:
        """What these pages led to: objects to read by themselves, and lists of accounts."""
        steps = [step for step, _ in lot]
        for step in steps:
            step.absorbed = True
        ended = {step.walk: step.walk.steps[-1] for step in steps if step.walk.ended}
        reads = [Read(steps[each.page], each) for each in outcome.unclear]
        reads += [Read(ended[walk], each, unseen=True) for walk, each in self.way.unseen(list(ended))]
        for read in reads:
            read.step.left += 1
        self.ready.extend(reads)
        for step, page in lot:
            if self._leads(step.walk):
                self.coming = False
                self._lead(step, [str(each["id"]) for each in page.objects])
        self._count(steps[-1].walk.noun, objects=outcome.objects, differences=outcome.differences)
        self._settle(steps)

    def _leads(self, walk: Walk) -> bool:
        """Whether the lists of the accounts that it shows are walked."""
        return self.leading and walk.model is mirror.account_model()

    def _lead(self, step: Step, accounts: list[str]) -> None:
        """Begin the lists of accounts; those of one follow each other: each is another endpoint of Stripe's."""
        accounts = self.way.goes_to(accounts)
        step.accounts = [*step.accounts, *accounts]
        known, walks = self.cursors.known(accounts), []
        for model in self.way.models:
            for account in model.listed_for(accounts):
                walk = Walk(model, account, tuple(model.sync_paths(account)), step)
                cursor = known.get((walk.noun, account))
                if cursor and not self.way.remembers:
                    walk.resume(cursor)
                if walk.paths and not (cursor and cursor.finished_at):
                    walks.append((accounts.index(account), walk))
        step.left += len(walks)
        self.ready.extend(walk for _, walk in sorted(walks, key=itemgetter(0)))
        self._count(lists=len(walks), accounts=len(accounts))

    def _settle(self, steps: Iterable[Step]) -> None:
        """One thing less is left of each; note where walks stand, and which have ended."""
        ended = [walk for step in steps for walk in self.cursors.settle(step)]
        self.cursors.save()
        self._count(walked=sum(1 for walk in ended if walk.paths))

    def _count(self, noun: str = "", **numbers: int) -> None:
        """Count, and report."""
        counted_so_far = self.progress.plus(**numbers)
        self.progress = replace(counted_so_far, noun=noun or self.progress.noun, slowed=self.pace.refused)
        if self.report:
            self.report(self.progress)
