"""The order rule against a Stripe that is simulated second by second, with everything that can go wrong on the way."""

import os
import random
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import order
from gateway.order import FETCH, KEEP, Row, Snapshot, Write

Data = dict[str, Any]
ERROR = 25  # seconds that an estimate of Stripe's clock may be off, either way; two of them stay below DOUBT
SLOW = 8  # seconds that a call may take to reach Stripe's database


@dataclass(frozen=True)
class Told:
    """An event: what Stripe showed at a second of its own clock."""

    data: Data
    created: int
    deletes: bool = False


@dataclass
class Stripe:
    """One object at Stripe. Only four values, so that it often returns to an earlier one."""

    now: int = 1_000
    data: Data = field(default_factory=lambda: {"value": 0})
    events: list[Told] = field(default_factory=list)
    history: list[tuple[int, Data]] = field(default_factory=list)
    deleted: bool = False

    def __post_init__(self) -> None:
        self.tell()

    def tell(self) -> None:
        """Make an event of the state as it is."""
        self.events.append(Told(dict(self.data), self.now, self.deleted))
        self.history.append((self.now, dict(self.data)))

    def change(self, value: int) -> None:
        """One change; nothing happens to what is deleted."""
        if not self.deleted:
            self.data = {"value": value}
            self.tell()

    def delete(self) -> None:
        """The end."""
        if not self.deleted:
            self.deleted = True
            self.tell()

    def answer(self) -> Data | None:
        """What a read answers now."""
        return None if self.deleted else dict(self.data)


@dataclass
class Call:
    """A call under way: what it will answer once it has reached Stripe."""

    kind: str
    sent_at: int
    revision: int
    settles: int = 0
    reached: bool = False
    data: Data | None = None
    replayed: bool = False
    age: int = 0


@dataclass
class Console:
    """One mirror row and everything that writes it, as gateway.applying, gateway.mirror and gateway.sync do."""

    stripe: Stripe
    row: Row = field(default_factory=Row)
    calls: list[Call] = field(default_factory=list)

    def write(self, decision: order.Write | order.Fetch | order.Keep) -> bool:
        """Apply a decision; whether it was one."""
        if isinstance(decision, Write):
            assert decision.as_of >= self.row.as_of, "as_of went back"
            gone = (self.row.gone and not decision.back) or decision.gone_at is not None
            self.row = replace(
                self.row, data=decision.data, as_of=decision.as_of, revision=self.row.revision + 1, gone=gone
            )
        return not isinstance(decision, order.Fetch)

    def send(self, kind: str, skew: int, settles: int = 0) -> None:
        """A call leaves us."""
        self.calls.append(Call(kind, self.stripe.now + skew, self.row.revision, settles))

    def reach(self, call: Call, value: int) -> None:
        """The call is carried out at Stripe."""
        call.reached = True
        if call.kind == "write":
            self.stripe.change(value)
        call.data = self.stripe.answer()

    def arrive(self, call: Call, skew: int) -> None:
        """Its answer is absorbed."""
        self.calls.remove(call)
        if call.kind == "fetch":
            decided = order.after_fetch(self.row, call.revision, call.data, call.sent_at, call.settles)
        elif call.kind == "write":
            decided = order.after_answer(
                self.row, call.data, call.sent_at, revision_before=call.revision, replayed=call.replayed
            )
        elif call.data is None:
            return  # a list shows no deleted object
        else:
            decided = order.after_answer(self.row, call.data, call.sent_at)
        if not self.write(decided):
            self.send("fetch", skew, call.settles)

    def hear(self, told: list[Told], skew: int, *, whole: bool = True) -> None:
        """A group of waiting events is applied."""
        snapshots = [Snapshot(one.data, one.created, whole, one.deletes) for one in told]
        if not self.write(order.after_events(self.row, snapshots)):
            self.send("fetch", skew, order.newest(snapshots))


class Chance(Protocol):
    """What decides: hypothesis, which finds the shortest failure, or a seed, which tries many more."""

    def randint(self, low: int, high: int) -> int:
        """A number from low to high."""


@dataclass
class Drawn:
    """Hypothesis decides."""

    data: st.DataObject

    def randint(self, low: int, high: int) -> int:
        """A number from low to high."""
        return self.data.draw(st.integers(low, high))


@dataclass
class World:
    """A Stripe, a console, and what lies between them."""

    chance: Chance
    stripe: Stripe = field(default_factory=Stripe)
    unheard: list[Told] = field(default_factory=list)
    lost: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.console = Console(self.stripe)
        self.known = 0

    def pick(self, choices: list[Any]) -> Any:
        return choices[self.chance.randint(0, len(choices) - 1)]

    def skew(self) -> int:
        return self.chance.randint(-ERROR, ERROR)

    def value(self) -> int:
        return self.chance.randint(0, 3)

    def collect(self) -> None:
        """Events that Stripe made go on their way."""
        self.unheard += self.stripe.events[self.known :]
        self.known = len(self.stripe.events)

    def step(self) -> None:
        """One thing happens somewhere."""
        kinds = ["change", "second", "hear", "lose", "double", "call", "reach", "arrive", "minute"]
        getattr(self, self.pick(kinds))()
        self.collect()

    def change(self) -> None:
        self.stripe.change(self.value())

    def second(self) -> None:
        self.pass_time(1)

    def minute(self) -> None:
        self.pass_time(self.chance.randint(2, 90))

    def pass_time(self, seconds: int) -> None:
        """No call stays under way for longer than SLOW."""
        for call in [call for call in self.console.calls if not call.reached and seconds > 1]:
            self.console.reach(call, self.value())
        self.stripe.now += seconds
        for call in [call for call in self.console.calls if not call.reached]:
            call.age += seconds
            if call.age >= SLOW:
                self.console.reach(call, self.value())

    def hear(self) -> None:
        if self.unheard:
            number = self.chance.randint(1, min(4, len(self.unheard)))
            told = [self.unheard.pop(self.chance.randint(0, len(self.unheard) - 1)) for _ in range(number)]
            self.console.hear(told, self.skew(), whole=self.chance.randint(0, 9) > 0)

    def lose(self) -> None:
        if self.unheard:
            self.lost.append(self.unheard.pop(self.chance.randint(0, len(self.unheard) - 1)))

    def double(self) -> None:
        """An older event comes once more under another id: to the rule it is simply told again."""
        self.unheard.append(self.pick(self.stripe.events))

    def call(self) -> None:
        self.console.send(self.pick(["fetch", "write", "page", "page"]), self.skew())

    def reach(self) -> None:
        waiting = [call for call in self.console.calls if not call.reached]
        if waiting:
            self.console.reach(self.pick(waiting), self.value())

    def arrive(self) -> None:
        there = [call for call in self.console.calls if call.reached]
        if there:
            self.console.arrive(self.pick(there), self.skew())

    def end(self) -> None:
        """All calls come home, catch-up brings what was lost, all that waits is applied, in any order."""
        self.collect()
        self.unheard += self.lost
        while self.unheard or self.console.calls:
            self.collect()
            choice = self.chance.randint(0, 1)
            if self.unheard and (choice or not self.console.calls):
                self.hear()
            else:
                call = self.pick(self.console.calls)
                if not call.reached:
                    self.console.reach(call, self.value())
                    self.collect()
                self.console.arrive(call, self.skew())

    def check_as_of(self) -> None:
        """Nothing before `as_of` is missing: the data is the state before that second began, or a later one.

        An answer's second is our estimate, so it may promise as much too early as the estimate is off.
        """
        row = self.console.row
        if row.data is None or row.gone:
            return
        second = row.as_of - ERROR
        before = [data for created, data in self.stripe.history if created < second][-1:]
        later = [data for created, data in self.stripe.history if created >= second]
        assert row.data in before + later, f"as_of {row.as_of} promises too much"


def changes_end_well(chance: Chance, steps: int) -> None:
    world = World(chance)
    for _ in range(steps):
        world.step()
        world.check_as_of()
    world.end()
    assert world.console.row.data == world.stripe.data
    assert not world.console.row.gone


def deletion_is_final(chance: Chance, before: int, after: int) -> None:
    world = World(chance)
    for _ in range(before):
        world.step()
    world.stripe.delete()
    world.collect()
    for _ in range(after):
        was_gone = world.console.row.gone
        world.step()
        assert world.console.row.gone or not was_gone
    world.end()
    assert world.console.row.gone
    assert world.console.row.data in [None, *(data for _, data in world.stripe.history)]


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(3, 40))
def test_the_mirror_ends_as_stripe_is_whatever_happens_on_the_way(data: st.DataObject, steps: int) -> None:
    changes_end_well(Drawn(data), steps)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 25), st.integers(0, 15))
def test_what_is_deleted_stays_gone_whatever_comes_later(data: st.DataObject, before: int, after: int) -> None:
    deletion_is_final(Drawn(data), before, after)


@pytest.mark.prove
def test_twenty_thousand_lives_end_as_stripe_has_them() -> None:
    for seed in range(int(os.environ.get("SIMULATIONS", "20000"))):
        chance = random.Random(seed)
        steps = chance.randint(3, 60)
        try:
            if seed % 5:
                changes_end_well(chance, steps)
            else:
                deletion_is_final(chance, steps // 2, steps // 2)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


@pytest.mark.parametrize("arrival", list(permutations(range(4))))
def test_any_order_of_a_life_ends_in_the_same_state(arrival: tuple[int, ...]) -> None:
    life = [Told({"value": number}, 1_000 + number) for number in range(4)]
    stripe = Stripe(data=dict(life[-1].data))
    console = Console(stripe)
    for number in arrival:
        console.hear([life[number]], 0)
        for call in list(console.calls):
            console.reach(call, 0)
            console.arrive(call, 0)
    assert console.row.data == {"value": 3}


@pytest.mark.parametrize("arrival", list(permutations(range(4))))
def test_four_events_at_once_need_no_call(arrival: tuple[int, ...]) -> None:
    life = [Snapshot({"value": number}, 1_000 + number) for number in range(4)]
    assert order.after_events(Row(), [life[number] for number in arrival]) == Write({"value": 3}, 1_003)


OLD = Row(data={"value": 1}, as_of=100, revision=4)


@pytest.mark.parametrize(
    ("snapshots", "decision"),
    [
        ([Snapshot({"value": 2}, 101)], Write({"value": 2}, 101)),
        ([Snapshot({"value": 2}, 100)], FETCH),
        ([Snapshot({"value": 2}, 99)], FETCH),
        ([Snapshot({"value": 1}, 99)], Write({"value": 1}, 100)),
        ([Snapshot({"value": 2}, 101, whole=False)], FETCH),
        ([Snapshot({"value": 2}, 101), Snapshot({"value": 3}, 101)], FETCH),
        ([Snapshot({"value": 9}, 90), Snapshot({"value": 2}, 101)], Write({"value": 2}, 101)),
    ],
    ids=["newer", "same second", "older", "known", "cut short", "two in a second", "a group"],
)
def test_events_are_folded(snapshots: list[Snapshot], decision: object) -> None:
    assert order.after_events(OLD, snapshots) == decision


def test_a_deletion_keeps_the_last_data() -> None:
    shown = Snapshot({"value": 2}, 101, deletes=True)
    assert order.after_events(OLD, [shown]) == Write({"value": 2}, 101, gone_at=101)
    bare = Snapshot({"deleted": True}, 101, deletes=True)
    assert order.after_events(OLD, [bare]) == Write({"value": 1}, 101, gone_at=101)
    late = Snapshot({"value": 2}, 50, deletes=True)
    assert order.after_events(OLD, [late]) == Write({"value": 1}, 100, gone_at=50)


def test_no_snapshot_revives_what_is_gone() -> None:
    gone = replace(OLD, gone=True)
    assert order.after_events(gone, [Snapshot({"value": 2}, 500)]) is KEEP
    assert order.after_fetch(gone, 4, None, 500) is KEEP
    assert order.after_answer(gone, None, 500) is KEEP


def test_what_stripe_serves_again_when_it_is_asked_is_back() -> None:
    gone = replace(OLD, gone=True)
    assert order.after_fetch(gone, 4, {"value": 2}, 500) == Write({"value": 2}, 500, back=True)
    assert order.after_fetch(gone, 3, {"value": 2}, 500) is FETCH  # something was written since it was asked


def test_what_is_listed_again_or_says_that_it_returned_is_asked_for() -> None:
    gone = replace(OLD, gone=True)
    assert order.after_answer(gone, {"value": 2}, 500) is FETCH
    assert order.after_events(gone, [Snapshot({}, 500, whole=False, returns=True)]) is FETCH
    left = Snapshot({}, 400, whole=False, deletes=True)
    assert order.after_events(OLD, [left, Snapshot({}, 500, whole=False, returns=True)]) is FETCH


def test_a_fetch_that_was_overtaken_is_repeated() -> None:
    assert order.after_fetch(OLD, 3, {"value": 2}, 105) is FETCH
    assert order.after_fetch(OLD, 4, {"value": 2}, 105) == Write({"value": 2}, 105)


def test_a_fetch_never_takes_as_of_back_and_covers_the_events_that_asked() -> None:
    assert order.after_fetch(OLD, 4, {"value": 2}, 90) == Write({"value": 2}, 100)
    assert order.after_fetch(OLD, 4, {"value": 2}, 105, settles=110) == Write({"value": 2}, 110)


def test_a_fetch_that_finds_nothing_ends_the_row() -> None:
    assert order.after_fetch(OLD, 4, None, 105) == Write({"value": 1}, 105, gone_at=105)


def test_the_answer_to_a_delete_ends_the_row_even_when_replayed() -> None:
    assert order.after_answer(OLD, None, 105, replayed=True) == Write({"value": 1}, 105, gone_at=105)


def test_a_replayed_answer_is_never_absorbed() -> None:
    assert order.after_answer(OLD, {"value": 2}, 500, revision_before=4, replayed=True) is FETCH


def test_an_answer_to_our_own_write_counts_if_nothing_came_between() -> None:
    assert order.after_answer(OLD, {"value": 2}, 100, revision_before=4) == Write({"value": 2}, 100)
    assert order.after_answer(OLD, {"value": 2}, 100, revision_before=3) is FETCH


def test_a_list_page_yields_to_what_was_written_about_its_time() -> None:
    assert order.after_answer(OLD, {"value": 2}, 100 + order.DOUBT) is FETCH
    assert order.after_answer(OLD, {"value": 2}, 101 + order.DOUBT) == Write({"value": 2}, 101 + order.DOUBT)
    assert order.after_answer(OLD, {"value": 1}, 110) == Write({"value": 1}, 110)
    assert order.after_answer(Row(), {"value": 2}, 7) == Write({"value": 2}, 7)
