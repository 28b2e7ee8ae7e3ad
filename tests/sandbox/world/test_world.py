"""The clock's law, tried on a world of its own: in order, each at its own moment, one failure stops nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.world.noun import diff, merge, task
from sandbox.world.store import Store
from sandbox.world.world import TASKS, World

Done = list[tuple[Any, int]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = Store(tmp_path / "world.sqlite3")
    yield World(store)
    store.close()


@pytest.fixture
def done() -> Iterator[Done]:
    """What the tasks note: (payload's name, the sandbox's time)."""
    done: Done = []

    @task("test.note")
    def note(world: World, payload: dict[str, Any]) -> None:
        done.append((payload["name"], world.now))
        if "then" in payload:
            world.later(payload["then"], "test.note", {"name": "later"})
        if payload.get("fails"):
            world.store.put("thing", {"id": "half"})
            raise ValueError("on purpose")

    yield done
    del TASKS["test.note"]


def later(world: World, seconds: float, **payload: Any) -> None:
    with world.store.transaction():
        world.later(seconds, "test.note", payload)


def test_what_falls_due_on_the_way_happens_in_order_at_its_own_moment(world: World, done: Done) -> None:
    start = world.now
    later(world, 86400, name="b")
    later(world, 3600, name="a", then=2 * 86400)
    later(world, 30 * 86400, name="never")
    world.set_clock(start + 29 * 86400)
    assert [name for name, _ in done] == ["a", "b", "later"]
    assert [at - start in range(due, due + 3) for (_, at), due in zip(done, (3600, 86400, 176400), strict=True)] == [
        True
    ] * 3
    assert world.now - start - 29 * 86400 in range(2)


def test_nothing_happens_before_its_time(world: World, done: Done) -> None:
    later(world, 60, name="a")
    world.run_due()
    assert done == []
    world.set_clock(world.now + 61)
    assert len(done) == 1


def test_a_failing_task_is_undone_given_up_and_stops_nobody(
    world: World, done: Done, caplog: pytest.LogCaptureFixture
) -> None:
    later(world, 1, name="bad", fails=True)
    later(world, 2, name="good")
    world.set_clock(world.now + 10)
    assert [name for name, _ in done] == ["bad", "good"]
    assert "The task test.note failed and is given up" in caplog.text
    with world.store.transaction():
        assert world.store.get("thing", "half") is None
    assert world.next_due is None


def test_a_failed_transaction_leaves_no_task_behind(world: World, done: Done) -> None:
    def fail() -> None:
        with world.store.transaction(), world.attempt():
            world.later(1, "test.note", {"name": "a"})
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    world.set_clock(world.now + 10)
    assert done == []


def test_an_object_is_its_owners_alone(world: World) -> None:
    store = world.store
    with store.transaction():
        store.put("card", {"id": "ic_1", "v": 1}, "acct_a")
        store.put("card", {"id": "ic_1", "v": 2}, None)
        assert (store.get("card", "ic_1", "acct_a"), store.get("card", "ic_1", "acct_b")) == (
            {"id": "ic_1", "v": 1},
            None,
        )
        assert store.get("card", "ic_1") == {"id": "ic_1", "v": 2}
        assert store.find("card", "ic_none") is None
        assert store.delete("card", "ic_1", "acct_b") is False
        assert store.delete("card", "ic_1", "acct_a") is True
        assert (store.count("card"), store.count("card", "acct_a")) == (1, 0)


def test_previous_attributes_hold_what_changed_and_no_more() -> None:
    old = {"a": 1, "same": {"x": 1}, "hash": {"x": 1, "y": 2}, "list": [1, 2], "gone": 3, "null": None}
    new = {"a": 2, "same": {"x": 1}, "hash": {"x": 1, "y": 3}, "list": [1], "null": {"z": 1}, "new": 4}
    assert diff(old, new) == {"a": 1, "hash": {"y": 2}, "list": [1, 2], "gone": 3, "null": None, "new": None}


def test_merge_lays_hashes_over_and_replaces_lists() -> None:
    old = {"a": {"x": 1, "y": 2}, "list": [1], "n": None}
    assert merge(old, {"a": {"y": 3}, "list": [2], "n": {"z": 1}}) == {
        "a": {"x": 1, "y": 3},
        "list": [2],
        "n": {"z": 1},
    }
    assert old == {"a": {"x": 1, "y": 2}, "list": [1], "n": None}
