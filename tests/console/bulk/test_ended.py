"""What a run that ended says of itself: that all is done, or how many of its rows came to nothing."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from console.bulk import ended, engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Wanted
from console.operations import attempts, door, verbs
from console.operations.models import Operation
from console.operations.verbs import Outcome
from tests.answers import check_page
from tests.issuing import rows
from tests.people import browser, known_accounts, person

pytestmark = pytest.mark.django_db
WARN = '<span class="badge warn">'
LIST = "/console/bulkrun/"


@pytest.fixture
def run(db: None) -> BulkRun:
    """Three cards; two of them are not there to be deactivated."""
    known_accounts()
    card = rows.card(rows.cardholder())
    wanted = [Wanted(str(card.account_id), "Alder Freight", each) for each in ("ic_1No", "ic_2No", card.pk)]
    wanted[-1] = Wanted(str(card.account_id), "Alder Freight", card.pk, state="left_out", why="Is inactive already.")
    verb = verbs.get("issuing.deactivate_card")
    begun = runs.begin(verb, user=person("otto"), rows=wanted, reason="Suspicious pattern on one BIN")
    engine.work(str(begun.pk))
    begun.refresh_from_db()
    return begun


def test_its_badge_says_what_came_of_it_before_and_after_somebody_saw_to_it(run: BulkRun) -> None:
    assert (run.state, run.failed, run.outcomes()) == ("ended", 2, {"denied": 2, "left_out": 1})
    otto = browser("otto")
    for _ in range(2):
        answer = otto.get(f"/bulk-runs/{run.pk}")
        check_page(answer)
        page = answer.content.decode()
        assert page.count("Ended with 2 failed") == 2  # beside the title, and above the bar
        assert WARN in page
        assert '<span class="badge ok">' not in page
        assert "Ended with 2 failed" in otto.get("/console/bulkrun/").content.decode()
        runs.settled(run, person("otto"))


def test_home_says_how_many_failed(run: BulkRun) -> None:
    assert "2 rows failed: try them again, or not." in browser("otto").get("/").content.decode()


def test_one_that_did_all_ended(run: BulkRun) -> None:
    BulkRow.objects.filter(run=run, state="denied").delete()
    BulkRun.objects.filter(pk=run.pk).update(state="running")
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.failed, run.badge) == (0, "ended")


def test_runs_of_before_are_counted_when_the_database_is_brought_up_to_date(run: BulkRun) -> None:
    BulkRun.objects.update(failed=0)
    migration = importlib.import_module("console.migrations.0014_bulk_failed_and_approvals_found")
    migration.fill(apps, SimpleNamespace(connection=connection))
    run.refresh_from_db()
    assert run.failed == 2


@pytest.fixture
def lost(db: None) -> tuple[BulkRun, Operation]:
    """A run over one card of which Stripe could not be asked, and which was not found there."""
    known_accounts()
    card, verb = rows.card(rows.cardholder()), verbs.get("issuing.deactivate_card")
    wanted = [Wanted(str(card.account_id), "Alder Freight", card.pk)]
    begun = runs.begin(verb, user=person("otto"), rows=wanted, reason="Suspicious pattern on one BIN")
    row = engine.claim(begun, 1)[0]
    intent = {"account_id": row.account_id, "object_id": card.pk, "form_token": row.form_token, "key": "console-1"}
    operation = Operation.objects.create(
        verb=verb.name, user=person("otto"), reason=begun.reason, state="unknown", first_tried_at=1, **intent
    )
    BulkRow.objects.filter(pk=row.pk).settle(state="given", operation=operation)
    attempts.finish(operation, Operation.State.NOT_FOUND, by="find", changes={})
    assert engine.finish(begun)
    begun.refresh_from_db()
    assert (begun.failed, begun.lost, begun.needs_a_person) == (1, 1, True)
    return begun, operation


@pytest.mark.parametrize("settle", ["by an event", "by a person"])
def test_what_is_settled_after_its_end_is_no_failure_any_more(lost: tuple[BulkRun, Operation], settle: str) -> None:
    run, operation = lost
    otto = browser("otto")
    assert ended.recount() == 0
    assert "Ended with 1 failed" in otto.get(LIST).content.decode()
    if settle == "by a person":
        door.drop(operation, user=person("ana"))
    else:
        assert attempts.succeed(operation, Outcome(object_id=operation.object_id), by="event")
    page = otto.get(f"/bulk-runs/{run.pk}").content.decode()  # at once, whoever counts later
    assert ("Ended with" in page, WARN in page) == (False, False)
    assert (ended.recount(), ended.recount()) == (1, 0)
    run.refresh_from_db()
    assert (run.failed, run.lost, run.needs_a_person, run.badge) == (0, 0, False, "ended")
    assert "Ended with" not in otto.get(LIST).content.decode()


def test_failures_that_nobody_settles_stay(lost: tuple[BulkRun, Operation], django_assert_num_queries: Any) -> None:
    run, operation = lost
    BulkRun.objects.filter(pk=run.pk).update(failed=3)
    door.drop(operation, user=person("ana"))
    ended.recount()
    run.refresh_from_db()
    assert (run.failed, run.lost, run.needs_a_person) == (2, 0, True)
    with django_assert_num_queries(1):
        assert ended.recount() == 0


def test_runs_of_before_know_what_was_lost_when_the_database_is_brought_up_to_date(
    lost: tuple[BulkRun, Operation], run: BulkRun
) -> None:
    BulkRun.objects.update(failed=7, lost=0)
    migration = importlib.import_module("console.migrations.0018_bulk_lost")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert sorted(BulkRun.objects.values_list("failed", "lost")) == [(1, 1), (2, 0)]
