"""The incident switch: preview, freeze, how far it is, undo; and what does not hold it."""

import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.account.models import Account
from console.brakes import changes
from console.bulk import engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.operations.models import Operation
from console.record.models import AuditEntry
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.incident import models
from issuing.incident.models import Freeze, Selection
from tests.answers import check_page
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.issuing.conftest import issuing_account, make_card, make_cardholder
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
WHY = "Card testing is seen at one merchant"
OVER = "It is over, the merchant is closed"


def text(answer: Any) -> str:
    check_page(answer)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def entries(**given: str) -> dict[str, str]:
    """What the button sends after a preview of these."""
    meant = Selection(given.get("ids", ""), given.get("merchant", "")).digest
    return {"act": "freeze", "form_token": uuid.uuid4().hex, "reason": WHY, "days": "7", "meant": meant, **given}


def worked_off(freeze: Freeze) -> None:
    for run in freeze.runs:
        engine.work(str(run.pk))


# The form and its preview


@pytest.fixture
def card(db: None) -> Card:
    known_accounts()
    return rows.card(rows.cardholder())


def test_a_preview_counts_and_sends_nothing(card: Card) -> None:
    rows.authorization(card, amount=18420)
    answer = browser("otto").post("/incident/", {"act": "preview", "ids": f"{ACCOUNT} acct_no words", "days": ""})
    assert answer.status_code == 200
    said = text(answer)
    assert "1 card works and is meant" in said
    assert "1 open authorization, 184.20 USD with these cards" in said
    assert "1 left out, not the id of an account, a cardholder or a card: words" in said
    assert "1 not known here: acct_no" in said
    assert "Freeze 1 card now" in said
    assert "Nothing was frozen" not in said
    assert not BulkRun.objects.exists()
    assert not Freeze.objects.exists()


def test_a_preview_of_nothing_says_what_is_missing(card: Card) -> None:
    answer = browser("otto").post("/incident/", {"act": "preview", "ids": " ", "merchant": "", "days": "7"})
    assert answer.status_code == 422
    assert "Name accounts, cardholders or cards by their ids, or a merchant." in text(answer)
    assert list(answer.context["form"].errors) == ["ids"]


def test_an_address_draws_the_preview(card: Card) -> None:
    answer = browser("otto").get(f"/incident/?ids={card.pk}")
    assert answer.context["plan"].many == 1
    assert answer.context["form"]["days"].value() == "7"
    assert "Freeze 1 card now" in text(answer)


def test_an_action_on_the_list_of_accounts_leads_there(card: Card) -> None:
    form = {"action": "issuing.freeze_all_cards", "_selected_action": [ACCOUNT, OTHER_ACCOUNT], "index": "0"}
    answer = browser("otto").post("/accounts/account/", form)
    assert answer.context["plan"].many == 1
    assert 'action="/incident/"' in answer.content.decode()
    actions = browser("sam").get("/accounts/account/").content.decode()
    assert "Freeze all cards" not in actions


def test_what_the_list_of_accounts_chose_is_frozen_by_the_first_press(sandbox: SandboxProcess, db: None) -> None:
    cards = [make_card(issuing_account()) for _ in range(2)]
    client = browser("otto")
    form = {"action": "issuing.freeze_all_cards", "_selected_action": [card.account_id for card in cards], "index": "0"}
    preview = client.post("/accounts/account/", form)
    entered = preview.context["form"]["ids"].value().replace("\n", "\r\n")  # as browsers send what stands in a box
    answer = client.post("/incident/", entries(ids=entered, meant=preview.context["meant"]))
    assert answer.status_code == 302
    assert Freeze.objects.get().cards == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "ids"),
        ({"ids": "words alone"}, "ids"),
        ({"ids": ACCOUNT, "reason": "short"}, "reason"),
        ({"merchant": "ab"}, "merchant"),
        ({"ids": ACCOUNT, "days": "0"}, "days"),
        ({"ids": ACCOUNT, "days": "91"}, "days"),
    ],
)
def test_bad_input_freezes_nothing_and_stays(given: dict[str, str], field: str, card: Card) -> None:
    answer = browser("otto").post("/incident/", entries(**given))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert all(value in answer.content.decode() for value in given.values())
    assert not Freeze.objects.exists()


def test_what_was_changed_since_its_preview_is_previewed_again(card: Card) -> None:
    client = browser("otto")
    seen = client.post("/incident/", {"act": "preview", "ids": card.pk, "days": "7"}).context["meant"]
    answer = client.post("/incident/", entries(ids=ACCOUNT, meant=seen))
    assert answer.status_code == 409
    assert "was changed since its preview" in text(answer)
    assert not Freeze.objects.exists()
    again = client.post("/incident/", entries(ids=ACCOUNT, meant=answer.context["meant"]))
    assert again.status_code == 302


def test_where_no_card_works_nothing_begins(card: Card) -> None:
    Card.objects.update(status="inactive")
    answer = browser("otto").post("/incident/", entries(ids=ACCOUNT))
    assert answer.status_code == 403
    assert "No card that works is meant" in text(answer)
    assert not Freeze.objects.exists()
    assert not BulkRun.objects.exists()


@pytest.mark.parametrize("who", ["sam", "vera"])
def test_who_may_not_deactivate_cards_may_not_freeze(who: str, card: Card) -> None:
    assert browser(who).get("/incident/").status_code == 403
    assert browser(who).post("/incident/", entries(ids=ACCOUNT)).status_code == 403
    assert not Freeze.objects.exists()


def test_hostile_names_stay_text(card: Card) -> None:
    name = "<script>alert(1)</script>\u202e" + "x" * 30
    rows.put(Cardholder, {**card.cardholder.data, "name": name}, ACCOUNT)
    for given in ({"ids": ACCOUNT}, {"ids": ACCOUNT, "merchant": "<script>alert(2)"}):
        answer = browser("otto").post("/incident/", {"act": "preview", **given})
        check_page(answer)
        assert "<script>alert" not in answer.content.decode()


def test_looking_at_one_of_the_accounts_is_said_and_can_be_ended(card: Card) -> None:
    client = browser("otto")
    session = view_as(client)
    answer = client.post("/incident/", {"act": "preview", "ids": ACCOUNT})
    assert "would be left out" in text(answer)
    assert "Not possible now" in text(answer)
    assert answer.context["able"] == 0
    answer = client.post("/incident/", {"session": f"end {session.pk}", "ids": ACCOUNT, "reason": WHY})
    assert "would be left out" not in text(answer)
    assert answer.context["form"]["reason"].value() == WHY
    view_as(client, OTHER_ACCOUNT)
    assert "would be left out" not in text(client.post("/incident/", {"act": "preview", "ids": ACCOUNT}))


# At Stripe


@pytest.fixture
def fleet(sandbox: SandboxProcess, db: None) -> list[Account]:
    """Two accounts: a cardholder with two cards in the first, one of them frozen before; one card in the second."""
    first, second = issuing_account("Alder Letterpress"), issuing_account("Birch Letterpress")
    holder = make_cardholder(first).pk
    make_card(first, cardholder=holder)
    make_card(first, cardholder=holder, active=False)
    make_card(second)
    return [first, second]


def at_stripe(sandbox: SandboxProcess, fleet: list[Account], path: str) -> list[str]:
    lists = [sandbox.api("GET", path, {"limit": "100"}, account=each.pk)[1]["data"] for each in fleet]
    return sorted(each["status"] for found in lists for each in found)


def begun(client: Client, fleet: list[Account]) -> Freeze:
    answer = client.post("/incident/", entries(ids=" ".join(each.pk for each in fleet)))
    assert answer.status_code == 302
    return Freeze.objects.get()


def test_it_freezes_and_undoes_what_it_changed(fleet: list[Account], sandbox: SandboxProcess) -> None:
    client = browser("otto")
    freeze = begun(client, fleet)
    assert (freeze.cards, freeze.accounts, freeze.card_run) == (2, 2, None)
    assert freeze.holder_run.urgent  # type: ignore[union-attr]
    worked_off(freeze)
    assert at_stripe(sandbox, fleet, "/v1/issuing/cardholders") == ["inactive"] * 2
    assert at_stripe(sandbox, fleet, "/v1/issuing/cards") == ["active", "active", "inactive"]
    assert "2 of 2 done" in text(client.get(freeze.get_absolute_url()))
    person("otto")
    undone = client.post(freeze.get_absolute_url(), {"act": "undo", "reason": OVER, "form_token": uuid.uuid4().hex})
    assert undone.status_code == 302
    engine.work(str(BulkRun.objects.get(undo_of=freeze.holder_run).pk))
    assert at_stripe(sandbox, fleet, "/v1/issuing/cardholders") == ["active"] * 2
    assert at_stripe(sandbox, fleet, "/v1/issuing/cards") == ["active", "active", "inactive"]
    again = client.post(freeze.get_absolute_url(), {"act": "undo", "reason": OVER, "form_token": uuid.uuid4().hex})
    assert again.status_code == 403
    assert "Nothing of this run is left to undo" in text(again)


def test_a_part_of_a_cardholders_cards_is_frozen_card_by_card(fleet: list[Account], sandbox: SandboxProcess) -> None:
    other = make_card(fleet[0], cardholder=Cardholder.objects.filter(account=fleet[0]).get().pk)
    answer = browser("otto").post("/incident/", entries(ids=other.pk))
    freeze = Freeze.objects.get()
    assert (answer.status_code, freeze.holder_run) == (302, None)
    worked_off(freeze)
    assert at_stripe(sandbox, fleet, "/v1/issuing/cardholders") == ["active"] * 2
    assert sandbox.api("GET", f"/v1/issuing/cards/{other.pk}", account=fleet[0].pk)[1]["status"] == "inactive"


def test_brakes_and_sessions_of_others_hold_nothing(fleet: list[Account], sandbox: SandboxProcess) -> None:
    known_accounts()
    changes.set_brake(person("ana"), "all", reason=WHY)
    changes.set_brake(person("ana"), "account", fleet[0].pk, reason=WHY)
    client = browser("otto")
    view_as(client)  # looking at another account
    freeze = begun(client, fleet)
    view_as(client, fleet[0].pk)  # looking at one of them afterwards
    worked_off(freeze)
    assert freeze.holder_run.outcomes() == {"succeeded": 2}  # type: ignore[union-attr]
    refused = client.post(freeze.get_absolute_url(), {"act": "undo", "reason": OVER, "form_token": uuid.uuid4().hex})
    assert refused.status_code == 302  # asked for, and then held: letting cards work again does not lower risk
    undoing = BulkRun.objects.get(undo_of=freeze.holder_run)
    engine.work(str(undoing.pk))
    assert set(BulkRow.objects.filter(run=undoing).values_list("state", flat=True)) <= {"waiting", "denied"}
    assert at_stripe(sandbox, fleet, "/v1/issuing/cardholders") == ["inactive"] * 2


def test_rows_under_a_brake_wait_and_go_on_when_it_is_lifted(fleet: list[Account], sandbox: SandboxProcess) -> None:
    freeze = begun(browser("otto"), fleet)
    worked_off(freeze)
    brake = changes.set_brake(person("ana"), "account", fleet[0].pk, reason=WHY)
    undoing = models.undo(freeze, person("otto"), OVER)[0][0]
    engine.work(str(undoing.pk))
    states = dict(BulkRow.objects.filter(run=undoing).values_list("account_id", "state"))
    assert states == {fleet[0].pk: "waiting", fleet[1].pk: "given"}
    row = BulkRow.objects.get(run=undoing, state="waiting")
    assert (row.attempts, "are stopped since" in row.why) == (0, True)
    assert Operation.objects.filter(verb="issuing.activate_cardholder").count() == 1
    undoing.refresh_from_db()
    assert undoing.state == "running"
    changes.lift(brake, person("ana"), reason=OVER)
    engine.work(str(undoing.pk))
    undoing.refresh_from_db()
    assert (undoing.state, undoing.outcomes()) == ("ended", {"succeeded": 2})
    assert at_stripe(sandbox, fleet, "/v1/issuing/cardholders") == ["active"] * 2


def test_a_double_click_freezes_once(fleet: list[Account], sandbox: SandboxProcess) -> None:
    client, once = browser("otto"), entries(ids=fleet[0].pk)
    first, second = client.post("/incident/", once), client.post("/incident/", once)
    assert first["Location"] == second["Location"]
    assert (Freeze.objects.count(), BulkRun.objects.count()) == (1, 1)


GO_ON = {"act": "go_on"}


@pytest.mark.parametrize("how", ["the button", "the form again"])
def test_a_process_that_dies_before_it_began_leaves_a_button(
    fleet: list[Account], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    client, once = browser("otto"), entries(ids=" ".join(each.pk for each in fleet))
    with monkeypatch.context() as patched:
        patched.setattr(runs, "start", _dies)
        with pytest.raises(KeyboardInterrupt):
            client.post("/incident/", once)
    freeze = Freeze.objects.get()
    assert freeze.holder_run.state == "draft"  # type: ignore[union-attr]
    assert "Not all of it was begun" in text(client.get(freeze.get_absolute_url()))
    again = (
        client.post("/incident/", once) if how == "the form again" else client.post(freeze.get_absolute_url(), GO_ON)
    )
    assert again["Location"] == freeze.get_absolute_url()
    freeze = Freeze.objects.select_related("holder_run").get()
    assert freeze.holder_run.state == "running"  # type: ignore[union-attr]
    assert "Not all of it was begun" not in text(client.get(freeze.get_absolute_url()))


def test_a_process_that_dies_while_it_drafts_leaves_a_button(
    fleet: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, once = browser("otto"), entries(ids=" ".join(each.pk for each in fleet))
    with monkeypatch.context() as patched:
        patched.setattr(runs, "draft", _dies)
        with pytest.raises(KeyboardInterrupt):
            client.post("/incident/", once)
    freeze = Freeze.objects.get()
    assert freeze.runs == []
    client.post(freeze.get_absolute_url(), {"act": "go_on"})
    worked_off(Freeze.objects.select_related("holder_run").get())
    assert Cardholder.objects.filter(status="inactive").count() == 2


def _dies(*args: Any, **options: Any) -> None:
    raise KeyboardInterrupt


def test_it_stops_and_says_so(fleet: list[Account]) -> None:
    client = browser("otto")
    freeze = begun(client, fleet)
    assert client.post(freeze.get_absolute_url(), {"act": "stop"}).status_code == 302
    worked_off(freeze)
    assert "0 of 2 done nothing more is sent" in text(client.get(freeze.get_absolute_url()))
    assert Cardholder.objects.filter(status="inactive").count() == 0


def test_each_act_is_in_the_audit_trail(fleet: list[Account]) -> None:
    freeze = begun(browser("otto"), fleet)
    worked_off(freeze)
    entry = AuditEntry.objects.get(action="bulk.begun")
    assert (entry.user_name, entry.reason, entry.detail["via"]) == ("otto", WHY, "incident")
    succeeded = AuditEntry.objects.filter(action="operation.succeeded", plain_detail__verb=models.FREEZE_HOLDER)
    assert {each.account_id for each in succeeded} == {each.pk for each in fleet}


def test_the_menu_leads_there_for_who_may() -> None:
    assert 'href="/incident/"' in browser("otto").get("/").content.decode()
    assert 'href="/incident/"' not in browser("sam").get("/").content.decode()


def test_a_selection_is_frozen_as_it_is_when_the_button_is_pressed(card: Card) -> None:
    client = browser("otto")
    assert client.post("/incident/", {"act": "preview", "ids": ACCOUNT}).context["plan"].many == 1
    rows.card(rows.cardholder())
    freeze = models.begin(Selection(ACCOUNT), user=person("otto"), reason=WHY)
    assert freeze.cards == 2


def test_a_preview_costs_no_more_than_a_page(card: Card) -> None:
    rows.authorization(card, merchant_data={"name": "Shady Shop"})
    client = browser("otto")
    view_as(client)
    ids = f"{ACCOUNT}+{card.pk}+{card.cardholder_id}+acct_no"
    assert cost(client, f"/incident/?ids={ids}&merchant=shady") <= MOST
