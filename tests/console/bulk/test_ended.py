"""What a run that ended says of itself: that all is done, or how many of its rows came to nothing."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from console.bulk import engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Wanted
from console.operations import verbs
from tests.answers import check_page
from tests.issuing import rows
from tests.people import browser, known_accounts, person

pytestmark = pytest.mark.django_db
WARN = '<span class="badge warn">'


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
