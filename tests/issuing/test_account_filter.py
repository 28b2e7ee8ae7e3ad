"""Everything of one account: in every list over all accounts, and acted on from the account's own lists."""

from typing import Any
from unittest import mock

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.account.models import Account
from console.lists.filters import AccountFilter
from console.operations import verbs
from console.operations.models import Operation
from console.record import audit
from gateway.models import Event
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.issuing.acting import posted, shown
from tests.issuing.conftest import issuing_account, make_card, make_cardholder
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as, work
from tests.sandbox_process import SandboxProcess

MIRRORS = ("cardholder", "card", "authorization", "transaction", "topup")


def fleet(noun: str, **asked: str) -> tuple[str, dict[str, str]]:
    return f"/issuing/{noun}/", {"account": ACCOUNT, **asked}


def both_accounts() -> None:
    """One of every noun in each of two accounts."""
    known_accounts()
    for account_id in (ACCOUNT, OTHER_ACCOUNT):
        card = rows.card(rows.cardholder(account_id), account_id)
        rows.transaction(rows.authorization(card, account_id), account_id)
        rows.topup(account_id)


def test_every_list_with_an_account_can_be_narrowed_to_it(rf: Any, db: None) -> None:
    request = rf.get("/")
    request.user = person("ana")
    for model, its_admin in admin.site._registry.items():
        named = {"account_id", "account", "operation_id"}  # of its own, or its operation's
        names = {field.attname for field in model._meta.concrete_fields} & named
        filters = [each for each in its_admin.get_list_filter(request) if isinstance(each, type)]
        own = [each for each in filters if issubclass(each, AccountFilter)]
        assert bool(own) == bool(names) or model is Account, model


@pytest.mark.django_db
@pytest.mark.parametrize("noun", MIRRORS)
def test_a_list_shows_one_account_and_says_so(noun: str) -> None:
    both_accounts()
    vera = browser("vera")
    here, asked = fleet(noun)
    answer = vera.get(here, asked)
    assert {row.account_id for row in answer.context["cl"].result_list} == {ACCOUNT}
    page = answer.content.decode()
    assert "Account: Alder Freight" in page
    assert 'aria-label="Clear account"' in page
    assert {tab["count"] for tab in answer.context["tabs"][:1]} == {1}
    assert all(f"account={ACCOUNT}" in tab["url"] for tab in answer.context["tabs"])
    assert f'name="account" value="{ACCOUNT}"' in page  # a search keeps it
    assert cost(vera, f"{here}?account={ACCOUNT}") <= MOST


@pytest.mark.django_db
def test_it_stays_on_the_next_page_and_a_filter_begins_at_the_first() -> None:
    known_accounts()
    rows.many(60)
    here, asked = fleet("card")
    first = browser("vera").get(here, asked).context["cl"]
    assert f"account={ACCOUNT}" in first.older_url
    second = browser("vera").get(f"{here}{first.older_url}")
    assert len(second.context["cl"].result_list) == len(Card.objects.all()) - 50
    assert "older" not in second.context["cl"].params
    assert f"account={ACCOUNT}" in second.context["cl"].newer_url


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [f" “{ACCOUNT}”. ", ACCOUNT])
def test_an_id_is_taken_however_it_was_copied(typed: str) -> None:
    both_accounts()
    found = browser("vera").get("/issuing/card/", {"account": typed}).context["cl"].result_list
    assert [row.account_id for row in found] == [ACCOUNT]


@pytest.mark.django_db
def test_an_account_that_is_none_finds_nothing() -> None:
    both_accounts()
    answer = browser("vera").get("/issuing/card/", {"account": "acct_nobody"})
    assert not answer.context["cl"].result_list
    assert "Nothing matches these filters" in answer.content.decode()


@pytest.mark.django_db
def test_records_are_narrowed_too() -> None:
    known_accounts()
    for account_id in (ACCOUNT, OTHER_ACCOUNT):
        work(browser("otto"), account_id)
        audit.record("tests.done", user=person("otto"), account_id=account_id)
        Operation.objects.create(
            verb="issuing.cancel_card",
            user=person("otto"),
            account_id=account_id,
            key=account_id,
            form_token=account_id,
        )
        Event.objects.create(
            id=f"evt_{account_id}",
            account=account_id,
            type="x",
            created=1,
            livemode=False,
            payload={},
            received_at=timezone.now(),
        )
    ana = browser("ana")
    tabs = ana.get("/gateway/event/", {"account": ACCOUNT}).context["tabs"]
    assert all(f"account={ACCOUNT}" in tab["url"] for tab in tabs)
    for path in ("/console/operation/", "/console/auditentry/", "/console/worksession/", "/gateway/event/"):
        found = ana.get(path, {"account": ACCOUNT}).context["cl"].result_list
        assert found, path
        assert {getattr(row, "account_id", "") or row.account for row in found} == {ACCOUNT}, path


@pytest.mark.django_db
def test_a_list_of_one_account_reads_by_an_index() -> None:
    both_accounts()
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's plan tells it of few rows; PostgreSQL reads a small table whole")
    for model in (Cardholder, Card):
        rows_of = model.objects.filter(account_id=ACCOUNT).order_by("-created", "-id")
        assert "account (account_id=?)" in rows_of.explain()
        assert "USING INDEX" in model.objects.order_by("-created", "-id")[:51].explain()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("vera", {"Cardholders", "Cards", "Authorizations", "Transactions", "Top-ups", "Operations", "Events"}),
        ("otto", {"Cards", "Operations", "Events", "Work sessions"}),
    ],
)
def test_the_accounts_page_leads_to_its_rows_in_every_list(who: str, names: set[str]) -> None:
    both_accounts()
    answer = browser(who).get(f"/connect/accounts/{ACCOUNT}")
    panel = next(each["context"] for each in answer.context["panels"] if each["panel"].name == "lists")
    assert names <= {each["label"] for each in panel["lists"]}
    assert ("Work sessions" in {each["label"] for each in panel["lists"]}) == (who == "otto")
    for each in panel["lists"]:
        assert browser(who).get(each["url"]).status_code == 200


# Rows of an account's own lists


def test_the_cards_of_an_account_are_frozen_from_its_own_list(otto: Client, account: Account) -> None:
    cards = [make_card(account) for _ in range(2)]
    here = f"/{account.pk}/issuing/cards?status=active"
    page = otto.get(here)
    assert [verb.name for verb in page.context["acts"]] == [
        "issuing.activate_card",
        "issuing.cancel_card",
        "issuing.deactivate_card",
    ]
    values = {
        "action": "issuing.deactivate_card",
        "index": "0",
        "back": here,
        "_selected_action": [c.pk for c in cards],
    }
    preview = otto.post(page.context["acts_url"], values)
    assert {row.id for row in preview.context["rows"]} == {card.pk for card in cards}
    assert preview.context["back_url"] == here
    done = otto.post("/bulk/issuing.deactivate_card/", {**posted(preview), "back": here})
    assert done.status_code == 303
    assert set(Card.objects.values_list("status", flat=True)) == {"inactive"}


def test_all_that_match_are_chosen_at_once(sandbox: SandboxProcess, db: None) -> None:
    account = issuing_account()
    holder = make_cardholder(account)
    rows_before = Card.objects.count()
    for number in range(52):
        rows.card(holder, account.pk, id=f"ic_{number:03}", status="active" if number else "canceled")
    otto = browser("otto")
    work(otto, account.pk)
    page = otto.get(f"/{account.pk}/issuing/cards?status=active")
    assert page.context["matching"] == 51 + rows_before
    values = {"action": "issuing.deactivate_card", "index": "0", "select_across": "1", "_selected_action": "ic_001"}
    preview = otto.post(page.context["acts_url"], values)
    assert len(preview.context["rows"]) == 51
    listed = otto.get("/issuing/card/", {"account": account.pk})
    assert listed.context["cl"].matching == 52
    assert "that match" in listed.content.decode()
    assert otto.get("/issuing/card/").context["cl"].matching == 0


def test_all_active_cards_of_an_account_have_an_address(otto: Client, account: Account) -> None:
    cards = [make_card(account), make_card(account, active=False)]
    panels = otto.get(f"/connect/accounts/{account.pk}").context["panels"]
    url = next(each["context"]["freeze"] for each in panels if each["panel"].name == "issuing")
    preview = otto.get(url)
    assert [row.id for row in preview.context["rows"]] == [cards[0].pk]
    assert preview.context["back_url"] == f"/connect/accounts/{account.pk}"
    otto.post("/bulk/issuing.deactivate_card/", posted(preview))
    assert set(Card.objects.values_list("status", flat=True)) == {"inactive"}
    left = otto.get(url, follow=True)  # a page that was left open: none is active any more
    assert left.redirect_chain == [(f"/connect/accounts/{account.pk}", 302)]
    assert "has nothing left to do for this account" in left.content.decode()
    for who in ("vera", "sam"):
        shown_to = browser(who).get(f"/connect/accounts/{account.pk}").context["panels"]
        assert not any(each["context"].get("freeze") for each in shown_to)
        assert browser(who).get(url).status_code == 403


@pytest.mark.django_db
def test_of_more_cards_than_one_act_takes_the_newest_come_first_and_it_says_so() -> None:
    known_accounts()
    otto, holder = browser("otto"), rows.cardholder()
    cards = [rows.card(holder) for _ in range(4)]
    url = f"/bulk/issuing.deactivate_card/?account={ACCOUNT}&status=active"
    with mock.patch.object(verbs.get("issuing.deactivate_card"), "most", 3):
        answer = otto.get(url)
    assert len(answer.context["rows"]) == 3
    assert {row.id for row in answer.context["rows"]} < {card.pk for card in cards}
    assert "These are the newest 3: repeat it for the rest." in answer.content.decode()


def test_nothing_ticked_leads_back_to_the_accounts_list(otto: Client, account: Account) -> None:
    make_card(account)
    here = f"/{account.pk}/issuing/cards"
    url = otto.get(here).context["acts_url"]
    values = {"action": "issuing.deactivate_card", "index": "0", "back": here}
    assert otto.post(url, values).headers["Location"] == here
    away = otto.post(url, {**values, "back": "https://elsewhere.example/x"})
    assert away.headers["Location"] == url
    bulk = otto.post(url, {**values, "back": "//elsewhere.example/x", "_selected_action": Card.objects.get().pk})
    assert bulk.context["back_url"] == "/issuing/card/"


@pytest.mark.django_db
def test_no_boxes_in_look_mode_and_none_for_who_may_not(accounts: None) -> None:
    rows.card(rows.cardholder())
    otto, sam = browser("otto"), browser("sam")
    view_as(otto)
    view_as(sam)
    page = shown(otto, f"/{ACCOUNT}/issuing/cards")
    assert "acting on rows needs work mode" in page
    assert "_selected_action" not in page
    plain = shown(sam, f"/{ACCOUNT}/issuing/cards")
    assert "work mode" not in plain
    assert "_selected_action" not in plain
    work(otto)
    assert "_selected_action" in shown(otto, f"/{ACCOUNT}/issuing/cards")
    assert "_selected_action" not in shown(otto, f"/{ACCOUNT}/issuing/authorizations")
    assert reverse("admin:issuing_card_changelist") in shown(otto, f"/{ACCOUNT}/issuing/cards")
