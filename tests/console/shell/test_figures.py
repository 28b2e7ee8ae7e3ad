"""Figures that the worker keeps, so that no page computes them."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.running.worker import Supervisor
from console.shell import figures, nouns
from console.shell.figures import Figure
from console.templatetags.console import counted
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def noun(**computed: Any) -> nouns.Noun:
    return nouns.Noun(figures=computed)


def nobody(request: HttpRequest, most: int) -> nouns.Waiting:
    return nouns.Waiting([], [])


def queue(name: str, number: int, permission: str = "") -> nouns.Queue:
    texts = {"name": name, "one": name, "label": name, "permission": permission}
    return nouns.Queue(link=lambda: "/", waiting=nobody, count=lambda: number, **texts)


def keep(number: int) -> None:
    """Have the worker counted so many operations left open, and nothing else."""
    figures.keep()
    Figure.objects.update(value=0)
    Figure.objects.filter(name="queue.operations").update(value=number)


def numbers(who: str) -> dict[str, int]:
    menu = browser(who).get("/me/").context["frame"]["menu"]
    return {entry["label"]: entry["count"] for group in menu for entry in group["entries"]}


def test_the_menu_shows_what_the_worker_keeps_by_one_query() -> None:
    keep(3)
    ana = browser("ana")
    ana.get("/me/")
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        menu = ana.get("/me/").context["frame"]["menu"]
    shown = {entry["label"]: entry["count"] for group in menu for entry in group["entries"]}
    assert (shown["Operations"], shown["Home"], shown["Mails"]) == (3, 3, 0)
    asked = [query["sql"] for query in queries.captured_queries]
    assert sum("console_figure" in sql for sql in asked) == 1
    assert not any("console_operation" in sql or "COUNT(" in sql for sql in asked)


def test_home_counts_the_queues_that_one_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = nouns.MenuEntry(label="Home", url="admin:index", icon="home", queue=nouns.ALL)
    two = (queue("a", 1), queue("b", 10, permission="console.add_user"))
    monkeypatch.setattr(nouns, "_nouns", [nouns.Noun(menu=(entry,), queues=two)])
    figures.keep()
    assert numbers("vera")["Home"] == 1


def test_a_figure_is_computed_at_once_where_no_worker_has_kept_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nouns, "_nouns", [noun(days=lambda: [1, 2])])
    kept = figures.read(["days"])["days"]
    assert (kept.value, kept.at, kept.age) == ([1, 2], None, None)
    assert not Figure.objects.exists()  # a page writes nothing
    figures.keep()
    monkeypatch.setattr(nouns, "_nouns", [noun(days=lambda: [3])])
    assert figures.value("days") == [1, 2]


def test_what_is_quick_is_computed_every_two_seconds_and_what_is_slow_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter((0, 0.01, 0, 0.5, 0, 9.0))
    monkeypatch.setattr(figures, "time", SimpleNamespace(monotonic=lambda: next(seconds)))  # no other thread's
    monkeypatch.setattr(nouns, "_nouns", [noun(quick=lambda: 1, slow=lambda: 1, slowest=lambda: 1)])
    now = timezone.now()
    assert figures.keep() == 3
    assert figures.keep() == 0
    after = {row.name: row.next_at - now for row in Figure.objects.all()}
    assert timedelta(seconds=2) <= after["quick"] < timedelta(seconds=4)
    assert timedelta(seconds=25) <= after["slow"] < timedelta(seconds=27)
    assert figures.LONGEST <= after["slowest"] < figures.OLD


def test_a_figure_that_fails_stays_as_it_was_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nouns, "_nouns", [noun(broken=lambda: 1, sound=lambda: 1)])
    figures.keep()
    Figure.objects.update(next_at=timezone.now())
    monkeypatch.setattr(nouns, "_nouns", [noun(broken=lambda: 1 // 0, sound=lambda: 2)])
    assert figures.keep() == 1
    assert figures.read(["broken", "sound"]).keys() == {"broken", "sound"}
    assert [figures.value(name) for name in ("broken", "sound")] == [1, 2]
    assert Figure.objects.get(name="broken").next_at > timezone.now() + timedelta(seconds=50)


def test_the_menu_says_how_old_its_counts_are_where_no_worker_counts() -> None:
    keep(3)
    ana = browser("ana")
    assert b"Counted" not in ana.get("/me/").content
    Figure.objects.filter(name="queue.operations").update(at=timezone.now() - timedelta(minutes=14))
    cache.clear()
    assert b"Counted 14 min ago" in ana.get("/me/").content


@pytest.mark.django_db(transaction=True)
def test_each_round_of_the_worker_keeps_them() -> None:
    Supervisor().tick()
    assert set(figures.every()) == set(Figure.objects.values_list("name", flat=True))


@pytest.mark.parametrize(("number", "said"), [(0, "0"), (999, "999"), (1_000, "1,000+"), (4_000, "1,000+")])
def test_nothing_is_counted_beyond_a_thousand(number: int, said: str) -> None:
    assert counted(number) == said
