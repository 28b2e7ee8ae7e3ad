"""Changing what a card may spend: verb, form, page, command, and what can go wrong."""

import argparse
import re
from typing import Any

import pytest
from django.test import Client

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.fields import Where
from console.operations.models import Operation
from issuing.cards.models import Card
from issuing.controls import forms
from issuing.management.commands.update_card import limit
from tests.answers import check_page
from tests.costs import MOST, cost
from tests.issuing import acting, rows
from tests.issuing.acting import run
from tests.issuing.conftest import REASON, Do, buy, fund, make_card
from tests.people import ACCOUNT, browser, known_accounts, work
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
State = Operation.State
DAILY = {"amount": 5000, "interval": "daily", "categories": None}


def path(card: Card) -> str:
    return f"/{card.account_id}/issuing/cards/{card.pk}/do/issuing.update_card"


def typed(client: Client, card: Card, **entries: Any) -> Any:
    """Open the page, change some entries of it as a browser has them, send it."""
    return client.post(path(card), {**acting.filled(client, path(card)), "reason": REASON, **entries})


def set_controls(card: Card) -> dict[str, Any]:
    card.refresh_from_db()
    found: dict[str, Any] = card.data["spending_controls"]
    return found


# The form


def form(card: Card, **values: Any) -> Any:
    where = Where(ACCOUNT, card.pk, row=card)
    return verbs.get("issuing.update_card").form({**forms.current(card), **values}, where=where)


@pytest.fixture
def limited() -> Card:
    """A card in the mirror with one limit and blocked categories."""
    known_accounts()
    return rows.card(
        rows.cardholder(), spending_controls={"spending_limits": [DAILY], "blocked_categories": ["florists"]}
    )


def test_what_stays_is_not_sent_and_nothing_is_refused(limited: Card) -> None:
    assert form(limited).errors == {"__all__": ["Nothing would change."]}
    changed = form(limited, blocked_merchant_countries="ru, by")
    assert changed.is_valid(), changed.errors
    assert changed.cleaned_data == {"blocked_merchant_countries": ["RU", "BY"]}


def test_an_entry_that_is_empty_lifts_nothing(limited: Card) -> None:
    changed = form(limited, blocked_categories="", spending_limits=[])
    assert set(changed.errors) == {"blocked_categories", "spending_limits"}
    assert "under “Lift”" in str(changed.errors)


def test_what_is_chosen_is_lifted_whether_its_entry_stands_or_not(limited: Card) -> None:
    for entries in ({}, {"spending_limits": [], "blocked_categories": ""}):
        changed = form(limited, lift=["spending_limits", "blocked_categories"], **entries)
        assert changed.is_valid(), changed.errors
        assert changed.cleaned_data == {"spending_limits": [], "blocked_categories": []}
        assert "500.00 USD a day" in changed.question()
        sent = acting.body("update_card", limited, changed.cleaned_data)
        assert sent == {"spending_controls": {"spending_limits": "", "blocked_categories": ""}}
    lists = form(limited, lift=["blocked_categories"])
    assert lists.is_valid(), lists.errors
    assert "This lifts: Never these categories." in lists.question()
    assert "500.00" not in lists.question()


def test_blocked_categories_become_allowed_ones_in_one_change(limited: Card) -> None:
    changed = form(limited, lift=["blocked_categories"], allowed_categories="bakeries")
    assert changed.is_valid(), changed.errors
    assert changed.cleaned_data == {"allowed_categories": ["bakeries"], "blocked_categories": []}


def test_only_what_is_set_can_be_lifted_and_not_changed_besides(limited: Card) -> None:
    assert list(form(limited, lift=["allowed_categories"]).errors) == ["lift"]
    both = form(limited, lift=["blocked_categories"], blocked_categories="bakeries")
    assert both.errors == {"blocked_categories": ["Either lift it or change it, not both."]}
    assert [name for name, _ in both.fields["lift"].widget.choices] == ["spending_limits", "blocked_categories"]


def test_categories_are_spelled_as_stripe_does(limited: Card) -> None:
    changed = form(limited, blocked_categories="Florists\nBook stores, book_stores")
    assert changed.is_valid(), changed.errors
    assert changed.cleaned_data["blocked_categories"] == ["florists", "book_stores"]


def row(amount: str = "5", interval: str = "daily", categories: str = "") -> list[dict[str, str]]:
    return [{"amount": amount, "interval": interval, "categories": categories}]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("allowed_categories", "bakeries", "not both"),
        ("blocked_categories", "hotels_motels_resorts", "Is it hotels_motels_and_resorts?"),
        ("blocked_categories", "x" * 5000, "no category"),
        ("allowed_merchant_countries", "Spain", "two letters"),
        ("spending_limits", row("-1"), "Limit 1"),
        ("spending_limits", row("1.005"), "Limit 1"),
        ("spending_limits", row("lots"), "Limit 1"),
        ("spending_limits", row("9999999"), "Limit 1"),
        ("spending_limits", [*row(), *row("", categories="bakeries")], "Limit 2"),
        ("spending_limits", row("5", "hourly"), "No such interval: hourly"),
        ("spending_limits", row("5", categories="moon_trips"), "no category moon_trips"),
        ("spending_limits", "5", "Give an amount and an interval"),
        ("spending_limits", {"amount": "5"}, "row by row"),
    ],
)
def test_wrong_entries_are_said_before_anything_is_sent(limited: Card, name: str, value: Any, said: str) -> None:
    assert said in repr(form(limited, **{name: value}).errors)


def test_what_stripe_has_and_this_console_does_not_know_stays() -> None:
    known_accounts()
    new = {"spending_limits": [{**DAILY, "interval": "hourly"}], "blocked_categories": ["moon_trips"]}
    changed = form(rows.card(spending_controls=new), blocked_categories="moon_trips, florists")
    assert changed.is_valid(), changed.errors


# Verb


def test_only_what_changes_is_sent(do: Do, account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="weekly")
    operation = do("update_card", card, blocked_categories=["florists"], blocked_merchant_countries=["RU"]).operation
    assert operation.state == State.SUCCEEDED, operation.error_message
    after = set_controls(card)
    assert [each["amount"] for each in after["spending_limits"]] == [20_000]
    assert (after["blocked_categories"], after["blocked_merchant_countries"]) == (["florists"], ["RU"])
    assert card.data["metadata"]["console_operation"] != card.data["metadata"]["console_update"]
    found = verbs.get("issuing.update_card").find(operation)  # type: ignore[misc]
    assert found
    assert found.object_id == card.pk


def test_controls_are_lifted_and_turned_round_at_stripe(do: Do, account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="weekly")
    do("update_card", card, blocked_categories=["florists"], blocked_merchant_countries=["RU"])
    values = {"spending_limits": [], "blocked_categories": [], "allowed_categories": ["bakeries"]}
    operation = do("update_card", card, **values).operation
    assert operation.state == State.SUCCEEDED, operation.error_message
    after = set_controls(card)
    assert (after["spending_limits"], after["blocked_categories"]) == ([], None)
    assert (after["allowed_categories"], after["blocked_merchant_countries"]) == (["bakeries"], ["RU"])
    assert verbs.get("issuing.update_card").done(operation) == f"Spending controls of card {card} were changed."


def test_a_control_that_stripes_answer_still_holds_is_said() -> None:
    verb, card = verbs.get("issuing.update_card"), rows.card(spending_controls={"blocked_categories": ["florists"]})
    read = verb.outcome(card).result  # type: ignore[attr-defined]
    held = Operation(verb=verb.name, object_id=card.pk, params={"blocked_categories": []}, result=read)
    assert "still holds what was to be lifted: Never these categories." in verb.done(held)
    assert not verb.went_well(held)
    held.params = {"allowed_merchant_countries": []}
    assert "still holds" not in verb.done(held)
    assert verb.went_well(held)
    held.result = {}
    assert "look at the card" in verb.done(held)


def test_stripes_refusal_names_the_list(do: Do, account: Account) -> None:
    operation = do("update_card", make_card(account), allowed_categories=["moon_trips"]).operation
    assert operation.state == State.REFUSED
    assert operation.error_param == "spending_controls[allowed_categories][0]"


def test_a_card_canceled_elsewhere_is_not_changed(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    sandbox.api("POST", f"/v1/issuing/cards/{card.pk}", {"status": "canceled"}, account=account.pk)
    operation = do("update_card", card, blocked_categories=["florists"]).operation
    assert (operation.state, operation.error_code) == (State.REFUSED, "not_sent")
    assert set_controls(card)["blocked_categories"] is None
    assert card.canceled


def test_a_change_whose_answer_was_lost_is_settled(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    lost = {"match": f"POST /v1/issuing/cards/{card.pk}", "times": 1, "fault": "reset_after"}
    sandbox.control("faults", [lost])
    operation = do("update_card", card, blocked_categories=["florists"]).operation
    assert operation.state == State.UNKNOWN
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert set_controls(card)["blocked_categories"] == ["florists"]


def test_a_change_that_arrived_before_the_card_was_canceled_succeeded(
    do: Do, account: Account, sandbox: SandboxProcess
) -> None:
    card = make_card(account)
    lost = {"match": f"POST /v1/issuing/cards/{card.pk}", "times": 1, "fault": "reset_after"}
    sandbox.control("faults", [lost])
    operation = do("update_card", card, blocked_categories=["florists"]).operation
    sandbox.api("POST", f"/v1/issuing/cards/{card.pk}", {"status": "canceled"}, account=account.pk)
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED


def test_a_change_that_never_arrived_is_not_found(do: Do, account: Account) -> None:
    card = make_card(account)
    operation = Operation(verb="issuing.update_card", account_id=account.pk, object_id=card.pk)
    assert verbs.get("issuing.update_card").find(operation) is None  # type: ignore[misc]


# Page


def test_the_page_is_filled_in_and_shows_before_and_after(otto: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="weekly")
    page = otto.get(path(card))
    check_page(page)
    text = page.content.decode()
    assert cost(otto, path(card)) <= MOST
    assert 'value="200.00"' in text
    assert "500.00 USD a day" in text
    answer = typed(otto, card, spending_limits_1_amount="1", spending_limits_1_interval="hourly")
    assert answer.status_code == 422
    assert 'value="hourly" selected' in answer.content.decode()
    assert answer.context["preview"].changes == ()
    wrong = typed(otto, card, spending_limits_0_amount="50", blocked_merchant_countries="Spain")
    assert wrong.status_code == 422
    assert wrong.context["preview"].changes == (("Limits", "200.00 USD a week", "50.00 USD a week"),)
    assert ">\nSpain</textarea>" in wrong.content.decode()


def test_several_limits_are_set_and_lead_back_to_the_card(otto: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="weekly")
    answer = typed(
        otto, card, spending_limits_1_amount="1500.50", spending_limits_1_interval="monthly",
        spending_limits_1_categories="book stores",
    )  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (303, f"/{account.pk}/issuing/cards/{card.pk}")
    found = [(each["amount"], each["interval"], each["categories"]) for each in set_controls(card)["spending_limits"]]
    assert found == [(20_000, "weekly", None), (150_050, "monthly", ["book_stores"])]
    assert typed(otto, card, spending_limits_0_amount="").status_code == 303
    assert [each["amount"] for each in set_controls(card)["spending_limits"]] == [150_050]


def test_lifting_is_shown_and_asked_about_before_it_is_sent(otto: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="weekly")
    first = otto.get(path(card)).content.decode()
    assert re.findall(r'<input type="checkbox" name="lift" value="(\w+)"', first) == ["spending_limits"]
    assert "Stripe does not document it" in first
    asked = typed(otto, card, lift=["spending_limits"])
    check_page(asked)
    assert asked.context["preview"].changes == (("Limits", "200.00 USD a week", "none"),)
    assert "500.00 USD a day, because no limit is set here" in asked.content.decode()
    assert set_controls(card)["spending_limits"]
    yes = {"sure": asked.context["asked"].answer}
    token = re.search(r'name="form_token" value="([^"]+)"', asked.content.decode())
    assert token
    sent = typed(otto, card, lift=["spending_limits"], form_token=token[1], **yes)
    assert sent.status_code == 303
    assert set_controls(card)["spending_limits"] == []
    again = typed(otto, card, lift=["spending_limits"], form_token=token[1], **yes)
    assert again.status_code == 303
    assert Operation.objects.filter(verb="issuing.update_card").count() == 1
    assert 'name="lift"' not in otto.get(path(card)).content.decode()


def test_a_page_that_changes_nothing_is_refused(otto: Client, account: Account) -> None:
    card = make_card(account, limit_amount="200")
    answer = typed(otto, card)
    assert answer.status_code == 422
    assert "Nothing would change." in answer.content.decode()


def test_a_decline_leads_to_what_mends_it(otto: Client, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account, limit_amount="10")
    fund(sandbox, account)
    declined = buy(card, "12.50")
    address = f"/{account.pk}/issuing/authorizations/{declined.pk}"
    assert otto.get(address).context["remedy"].url == path(card)
    assert otto.get(f"/{account.pk}/issuing/cards/{card.pk}").context["change_controls"].url == path(card)
    assert typed(otto, card, spending_limits_0_amount="20").status_code == 303
    assert buy(card, "12.50").approved


@pytest.mark.parametrize(
    ("holders", "amount", "offered"), [(True, 6000, False), (False, 6000, True), (False, 10**7, False)]
)
def test_a_limit_of_the_cardholders_or_of_stripes_is_not_mended_at_the_card(
    limited: Card, holders: bool, amount: int, offered: bool
) -> None:
    if holders:
        holder = rows.cardholder(spending_controls={"spending_limits": [DAILY]})
        card = rows.card(holder)
    else:
        card = limited if offered else rows.card(rows.cardholder())
    client = browser("otto")
    work(client, ACCOUNT)
    declined = rows.authorization(card, amount=amount, reason="spending_controls")
    page = client.get(f"/{ACCOUNT}/issuing/authorizations/{declined.pk}")
    assert bool(page.context["remedy"]) == offered


# Command


def test_a_command_changes_only_what_is_given(account: Account) -> None:
    card = make_card(account, limit_amount="200", limit_interval="weekly")
    assert run("update_card", card.pk, "--blocked-categories", "florists") == (0, f"{card.pk} succeeded\n", "")
    words = ("--limit", "50 daily", "--limit", "900 monthly book_stores,bakeries")
    assert run("update_card", card.pk, *words)[0] == 0
    after = set_controls(card)
    assert after["blocked_categories"] == ["florists"]
    assert [(each["amount"], each["categories"]) for each in after["spending_limits"]] == [
        (5000, None),
        (90_000, ["book_stores", "bakeries"]),
    ]
    assert "--lift" in run("update_card", card.pk, "--blocked-categories", "")[2]
    assert run("update_card", card.pk)[:2] == (2, "")


def test_a_command_lifts_what_it_names_where_it_is_sure(account: Account) -> None:
    card = make_card(account, limit_amount="200")
    run("update_card", card.pk, "--blocked-categories", "florists")
    words = ("--lift", "spending_limits", "--lift", "blocked_categories", "--allowed-categories", "bakeries")
    assert "This lifts: Limits, Never these categories." in run("update_card", card.pk, *words)[2]
    assert run("update_card", card.pk, *words, "--sure")[0] == 0
    after = set_controls(card)
    assert (after["spending_limits"], after["blocked_categories"]) == ([], None)
    assert after["allowed_categories"] == ["bakeries"]


def test_a_limit_without_an_interval_is_no_limit() -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        limit("200")
