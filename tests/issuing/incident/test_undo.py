"""The way back of a freeze: what is on its way, in doubt, looked at or under a brake, and what is said of it."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts.account.models import Account
from console.brakes import changes
from console.bulk import engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Denied
from console.bulk.undoing import IN_DOUBT, undo
from console.operations.models import Operation
from console.viewing.models import WorkSession
from gateway import claims
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.incident import models
from issuing.incident.models import Freeze, Selection
from tests.issuing.conftest import issuing_account, make_card, make_cardholder
from tests.issuing.incident.test_pages import OVER, WHY, at_stripe, entries, text, worked_off
from tests.people import browser, person, view_as
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
State = Operation.State


@pytest.fixture
def fleet(sandbox: SandboxProcess) -> list[Account]:
    """Two accounts with one card each."""
    made = [issuing_account(), issuing_account()]
    for account in made:
        make_card(account, cardholder=make_cardholder(account).pk)
    return made


@pytest.fixture
def frozen(fleet: list[Account]) -> Freeze:
    """Both are frozen."""
    freeze = models.begin(Selection(" ".join(each.pk for each in fleet)), user=person("otto"), reason=WHY)
    worked_off(freeze)
    return Freeze.objects.select_related("holder_run").get()


def press(client: Client, freeze: Freeze, **given: str) -> Any:
    """The button, with a reason."""
    entries = {"act": "undo", "reason": OVER, "form_token": uuid.uuid4().hex, **given}
    return client.post(freeze.get_absolute_url(), entries, follow=True)


def hold(run: BulkRun, position: int, state: str, **changed: Any) -> Operation:
    """Have the row's operation be as one that is not settled."""
    row = BulkRow.objects.get(run=run, position=position)
    Operation.objects.filter(pk=row.operation_id).update(state=state, settled_at=None, **changed)
    BulkRun.objects.filter(pk=run.pk).update(state="running")
    assert row.operation
    return row.operation


def test_what_is_on_its_way_is_waited_for_and_nothing_stays_frozen(
    frozen: Freeze, fleet: list[Account], sandbox: SandboxProcess
) -> None:
    claim = {"claimed_by": claims.claim_name(), "claimed_until": Operation.claim_ends()}
    operation = hold(frozen.holder_run, 1, State.SENDING, **claim)  # type: ignore[arg-type]
    client = browser("otto")
    refused = press(client, frozen)
    assert refused.status_code == 403
    assert "The freeze is stopped, and 1 of its rows is still on the way to Stripe" in text(refused)
    assert refused.context["form"]["reason"].value() == OVER
    assert BulkRun.objects.get().state == "stopped"
    Operation.objects.filter(pk=operation.pk).update(state=State.SUCCEEDED, settled_at=timezone.now(), **claims.FREE)
    assert "2 of 2 are let work again" in text(press(client, frozen))
    engine.work(str(BulkRun.objects.get(undo_of=frozen.holder_run).pk))
    assert at_stripe(sandbox, fleet, "/v1/issuing/cardholders") == ["active"] * 2


def test_rows_that_a_process_holds_are_on_their_way(fleet: list[Account]) -> None:
    freeze = models.begin(Selection(" ".join(each.pk for each in fleet)), user=person("otto"), reason=WHY)
    run = freeze.holder_run
    assert run
    engine.do(run, engine.claim(run, 1), lane=engine.budget.URGENT)
    held = engine.claim(run, 1)
    with pytest.raises(Denied, match="1 of its rows is still on the way"):
        models.undo(freeze, person("otto"), OVER)
    BulkRow.objects.held(held[0].claimed_by).release()
    undoing = models.undo(freeze, person("otto"), OVER)[0][0]
    assert undoing.outcomes() == {"waiting": 1}


def test_what_is_in_doubt_is_left_out_and_said(frozen: Freeze) -> None:
    hold(frozen.holder_run, 2, State.UNKNOWN, next_try_at=timezone.now())  # type: ignore[arg-type]
    said = text(press(browser("otto"), frozen))
    assert "1 of 2 is let work again" in said
    assert "Of 1 it is not known yet whether they were frozen" in said
    undoing = BulkRun.objects.get(undo_of=frozen.holder_run)
    assert [(row.state, row.why) for row in undoing.rows.all()] == [("waiting", ""), ("left_out", IN_DOUBT)]


def test_a_run_of_which_all_is_in_doubt_is_not_called_changed_since(frozen: Freeze) -> None:
    for position in (1, 2):
        hold(frozen.holder_run, position, State.UNKNOWN, next_try_at=timezone.now())  # type: ignore[arg-type]
    with pytest.raises(Denied, match="its rows are in doubt"):
        models.undo(frozen, person("otto"), OVER)


def test_what_was_so_before_it_was_sent_is_not_given_back(fleet: list[Account], sandbox: SandboxProcess) -> None:
    freeze = models.begin(Selection(" ".join(each.pk for each in fleet)), user=person("otto"), reason=WHY)
    theirs = Cardholder.objects.get(account=fleet[0].pk)
    theirs.deactivate(key=uuid.uuid4().hex)  # by somebody else, for another reason, before the worker comes to it
    worked_off(freeze)
    (undoing,), _ = models.undo(Freeze.objects.get(), person("otto"), OVER)
    left = {row.object_id: (row.state, row.why) for row in undoing.rows.all()}
    assert left.pop(theirs.pk) == ("left_out", "Was so already before this run.")
    assert list(left.values()) == [("waiting", "")]
    engine.work(str(undoing.pk))
    assert sorted(at_stripe(sandbox, fleet, "/v1/issuing/cardholders")) == ["active", "inactive"]


@pytest.mark.parametrize("state", [State.NOT_APPROVED, State.NOT_FOUND, State.AWAITING, State.REFUSED, State.DROPPED])
def test_what_came_to_nothing_since_is_no_change(frozen: Freeze, state: str) -> None:
    row = BulkRow.objects.get(run=frozen.holder_run, position=1)
    once = {"form_token": uuid.uuid4().hex, "key": uuid.uuid4().hex, "reason": WHY}
    about = {"account_id": row.account_id, "object_id": row.object_id}
    Operation.objects.create(verb="issuing.update_cardholder", user=person("sam"), state=state, **about, **once)
    (undoing,), _ = models.undo(frozen, person("otto"), OVER)
    assert undoing.outcomes() == {"waiting": 2}


def test_a_run_that_cannot_be_undone_is_told_beside_the_one_that_is(fleet: list[Account]) -> None:
    card = make_card(fleet[1], cardholder=Cardholder.objects.get(account=fleet[1].pk).pk)
    models.begin(Selection(f"{fleet[0].pk} {card.pk}"), user=person("otto"), reason=WHY)
    freeze = Freeze.objects.select_related("holder_run", "card_run").get()
    worked_off(freeze)
    assert freeze.card_run
    hold(freeze.card_run, 1, State.UNKNOWN, next_try_at=timezone.now())
    said = text(press(browser("otto"), freeze))
    assert "1 of 1 is let work again" in said
    assert "Not undone: Deactivate cards: What this run changed is not known yet" in said


def test_looking_at_all_of_it_is_said_and_cleared_by_a_button(
    frozen: Freeze, fleet: list[Account], sandbox: SandboxProcess
) -> None:
    BulkRow.objects.filter(account_id=fleet[1].pk).update(operation=None, state="left_out")
    client = browser("otto")
    view_as(client, fleet[0].pk)
    refused = press(client, frozen)
    assert refused.status_code == 403
    assert "Nothing was undone. You are viewing" in text(refused)
    assert refused.context["form"]["reason"].value() == OVER
    assert not BulkRun.objects.filter(undo_of=frozen.holder_run).exists()
    session = WorkSession.objects.get()
    kept = press(client, frozen, act="", session=f"end {session.pk}")
    assert (kept.status_code, kept.context["form"]["reason"].value(), kept.context["held"]) == (200, OVER, None)
    assert "1 of 1 is let work again" in text(press(client, frozen))


def test_looking_at_a_part_of_it_is_said(frozen: Freeze, fleet: list[Account]) -> None:
    client = browser("otto")
    view_as(client, fleet[0].pk)
    assert "would stay frozen" in text(client.get(frozen.get_absolute_url()))
    said = text(press(client, frozen))
    assert "1 of 2 is let work again, by runs of their own. Why the others stay as they are stands in the runs." in said


def test_a_brake_that_holds_it_is_named(frozen: Freeze) -> None:
    changes.set_brake(person("ana"), "all", reason=WHY)
    said = text(press(browser("otto"), frozen))
    assert "What is stopped waits: All writes to Stripe are stopped since" in said


def test_a_second_click_on_a_freeze_that_means_nothing_is_told_so(
    fleet: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    Card.objects.update(status="inactive")

    def there_already(*_: Any, **__: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(Freeze, "save", there_already)  # the first click's row, which it takes away meanwhile
    answer = browser("otto").post("/incident/", entries(ids=fleet[0].pk))
    assert answer.status_code == 403
    assert models.NOTHING in text(answer)


def test_a_run_that_goes_on_is_not_undone(fleet: list[Account]) -> None:
    cards = Card.objects.filter(account__in=fleet)
    rows = [runs.Wanted(card.account_id or "", object_id=card.pk) for card in cards]
    run = runs.begin(models.verbs.get(models.FREEZE_CARD), user=person("otto"), rows=rows, reason=WHY)
    engine.do(run, engine.claim(run, 1), lane=engine.budget.BULK)
    client, url = browser("otto"), f"/bulk-runs/{run.pk}"
    assert client.get(url).context["inverse"] is None
    refused = client.post(url, {"act": "undo", "reason": OVER, "form_token": uuid.uuid4().hex})
    assert refused.status_code == 403
    assert "This run goes on. Stop it first, then undo it." in text(refused)
    runs.stop(run, person("otto"))
    assert client.get(url).context["inverse"]
    assert undo(run, person("otto"), OVER).outcomes() == {"waiting": 1}


def test_the_page_of_a_run_says_what_holds_its_undo_and_has_the_buttons(frozen: Freeze, fleet: list[Account]) -> None:
    client, url = browser("otto"), f"/bulk-runs/{frozen.holder_run.pk}"  # type: ignore[union-attr]
    view_as(client, fleet[0].pk)
    said = text(client.get(url))
    assert "would not be undone" in said
    assert "What you typed stays" in said
    session = WorkSession.objects.get()
    cleared = client.post(url, {"act": "", "session": f"work {session.pk}", "reason": OVER, "form_token": "d" * 32})
    assert (cleared.status_code, cleared.context["held"], cleared.context["undo_open"]) == (200, None, True)
    assert cleared.context["undo_form"]["reason"].value() == OVER
    session.refresh_from_db()
    assert session.mode == "work"
