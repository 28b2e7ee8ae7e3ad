"""What the console prints is found: in every noun's own list and by the box above every page, as far as a role may."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.utils import timezone

from accounts.account.models import Account
from accounts.of_account.models import OfAccountQuerySet
from accounts.persons.models import Person
from console.lists.admin import ListedAdmin
from console.operations.models import Operation
from console.viewing.models import WorkSession
from gateway import mirror
from gateway.metadata import Metadata
from gateway.models import Event
from gateway.spellings import phone_key
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.cards.words import last_four
from issuing.topups.models import Topup
from tests.accounts import builders
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import ACCOUNT, browser, known_accounts, person, view_as

pytestmark = pytest.mark.django_db
LISTED = [model for model, its_admin in admin.site._registry.items() if isinstance(its_admin, ListedAdmin)]


def one_of_each() -> dict[str, Any]:
    """A row of every noun that has a list, by the noun's name."""
    known_accounts()
    card = rows.card(rows.cardholder(phone_number="+1 (415) 555-0123"), last4="4302")
    authorization = rows.authorization(card, merchant_data={"name": "Rocket Rides"})
    transaction = rows.transaction(authorization, merchant_data={"name": "Rocket Rides"})
    made = (card.cardholder, card, authorization, transaction, rows.topup())
    return {row._meta.model_name: row for row in made}


def titles(who: str, words: str) -> set[str]:
    answer = browser(who).get("/search", {"q": words})
    assert answer.status_code == 200, answer.headers
    return {group["title"] for group in answer.context["groups"]}


@pytest.mark.parametrize("model", LISTED, ids=lambda model: model._meta.model_name)
def test_a_nouns_own_id_is_found_in_its_own_lists(model: Any) -> None:
    row = one_of_each()[model._meta.model_name]
    vera, sam = browser("vera"), browser("sam")
    view_as(sam)
    found = vera.get(f"/issuing/{model._meta.model_name}/", {"q": row.pk}).context["cl"].result_list
    assert [each.pk for each in found] == [row.pk]
    listing = next(its for its in admin.site._registry.values() if its.model is model).listing
    path = row.get_absolute_url().rpartition("/")[0]
    assert listing.title
    assert [each.pk for each in sam.get(path, {"q": row.pk}).context["rows"]] == [row.pk]
    assert list(model.objects.search(ACCOUNT)) == [row]


def test_what_hangs_on_another_is_found_by_its_id_in_the_others_list() -> None:
    made = one_of_each()
    card, holder, authorization = made["card"], made["cardholder"], made["authorization"]
    assert list(Card.objects.search(holder.pk)) == [card]
    for name in ("authorization", "transaction"):
        for each in (card, holder):
            assert list(type(made[name]).objects.search(each.pk)) == [made[name]]
    assert list(type(made["transaction"]).objects.search(authorization.pk)) == [made["transaction"]]


def test_no_noun_inherits_anothers_ids() -> None:
    querysets = {type(model.objects.all()) for model in mirror.REGISTRY.values()}
    of_accounts = [each for each in querysets if issubclass(each, OfAccountQuerySet) and each is not OfAccountQuerySet]
    own = [each for each in of_accounts if "ids" in vars(each)]
    assert {type(model.objects.all()) for model in LISTED} <= set(own)
    starts = [start for each in own for start, column in each.ids.items() if column == "id"]
    assert len(starts) == len(set(starts)) == len(LISTED)


@pytest.mark.parametrize(
    "text", ["ending 4302", "ending in 4302", "card ending in 4302", "Card ends with 4302", "•• 4302"]
)
def test_last_four_as_they_are_said_on_the_phone(text: str) -> None:
    assert last_four(text) == "4302"
    one_of_each()
    assert titles("vera", text) == {"Cards", "Authorizations", "Transactions"}


@pytest.mark.parametrize("text", ["spending 4302", "ending 43021", "blend 4302"])
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    assert last_four(text) == ""


def test_merchants_are_found() -> None:
    one_of_each()
    assert titles("vera", "rocket rides") == {"Authorizations", "Transactions"}


@pytest.mark.parametrize("written", ["{id}", "https://dashboard.stripe.com/test/{account}/{path}", "{here}{page}"])
def test_an_id_whose_page_is_not_theirs_is_found_in_the_lists(written: str) -> None:
    row = one_of_each()["transaction"]
    page = row.get_absolute_url()
    words = written.format(
        id=row.pk, account=ACCOUNT, path=f"issuing/transactions/{row.pk}", here="http://testserver", page=page
    )
    assert titles("vera", words) == {"Transactions"}
    assert "can open what is found here" in browser("vera").get("/search", {"q": words}).content.decode()
    assert browser("sam").get("/search", {"q": words}).headers["Location"] == page


# Telephone numbers


@pytest.mark.parametrize("text", ["+14155550123", "(415) 555-0123", "415.555.0123", "1 415 555 0123", "0014155550123"])
def test_a_number_is_one_in_every_spelling(text: str) -> None:
    assert phone_key(text) == phone_key("+1 415 555 0123") == "155550123"
    one_of_each()
    assert titles("sam", text) == {"Cardholders"}
    assert titles("vera", text) == set()


@pytest.mark.parametrize("text", ["5550123", "4155550123x", "+1 415 CALL NOW", "٤١٥٥٥٥٠١٢٣", ""])
def test_what_is_no_number_has_no_key(text: str) -> None:
    assert phone_key(text) == ""


@pytest.mark.parametrize(
    "phones", [{"company": {"phone": "+442079460958"}}, {"individual": {"phone": "+442079460958"}}]
)
def test_an_account_is_found_by_its_number_and_its_persons(phones: dict[str, Any]) -> None:
    account = builders.account(**phones)
    builders.person(account, phone="+1 212 555 0199")
    for text in ("020 7946 0958", "+1 212 555 0199"):
        assert list(Account.objects.search(text, personal=True)) == [account]
        assert not Account.objects.search(text)


# Metadata


def absorb(data: dict[str, Any]) -> Cardholder:
    """As an answer of Stripe's, each a second after the one before it."""
    row = Cardholder.every.filter(pk=data["id"]).first()
    sent_at, revision = (row.as_of + 1, row.revision) if row else (1, 0)
    mirror.absorb_object(data, account=ACCOUNT, sent_at=sent_at, revision_before=revision)
    return Cardholder.objects.get(pk=data["id"])


@pytest.mark.parametrize("words", ["order:4711", "order: 4711", "order=4711", "4711"])
def test_metadata_are_found_by_value_and_by_key_and_value(words: str) -> None:
    known_accounts()
    data = rows.cardholder().data | {"metadata": {"order": "4711", "console_operation": "x"}}
    holder = absorb({**data, "id": "ich_marked"})
    absorb({**data, "id": "ich_other", "metadata": {"order": "4712"}})
    assert list(Cardholder.objects.search(words, personal=True)) == [holder]
    assert not Cardholder.objects.search(words)
    assert "Cardholders" in titles("sam", words)
    assert "Cardholders" not in titles("vera", words)
    assert not Metadata.objects.filter(key__startswith="console_").exists()


def test_metadata_that_change_are_found_as_they_are() -> None:
    known_accounts()
    data = {**rows.cardholder().data, "id": "ich_marked", "metadata": {"order": "4711"}}
    absorb(data)
    holder = absorb({**data, "metadata": {"order": "4712", "shape": {"odd": []}, "n": 7}})
    assert set(Metadata.objects.values_list("object_id", "key", "value")) == {
        (holder.pk, "order", "4712"),
        (holder.pk, "n", "7"),
    }
    assert not Cardholder.objects.search("4711", personal=True)
    absorb({**data, "metadata": {}})
    assert not Metadata.objects.exists()


# Requests and tickets


def operation(**values: Any) -> Operation:
    token = f"token-{Operation.objects.count()}"
    return Operation.objects.create(
        **{"verb": "issuing.cancel_card", "user": person("otto"), "key": token, "form_token": token, **values}
    )


def event(name: str, **values: Any) -> Event:
    return Event.objects.create(
        id=name, type="x", created=1, livemode=False, payload={}, received_at=timezone.now(), **values
    )


def test_a_request_leads_to_its_operation_or_else_to_its_event() -> None:
    known_accounts()
    first, tried = {"request_id": "req_first", "at": "2026-11-24T00:00:00Z"}, operation(attempts=2)
    Operation.objects.filter(pk=tried.pk).update(tries=[first], settled_at=timezone.now(), request_id="req_last")
    waiting = operation(tries=[{"request_id": "req_waiting"}])
    event("evt_1", request_id="req_elsewhere")
    event("evt_2", request_id="req_both")
    event("evt_3", request_id="req_both")
    leads = {
        "req_last": f"/operations/{tried.pk}",
        "req_first": f"/operations/{tried.pk}",
        "req_waiting": f"/operations/{waiting.pk}",
        "req_elsewhere": "/gateway/event/evt_1/change/",
        "req_both": "/gateway/event/?q=req_both",
    }
    for words, page in leads.items():
        assert browser("vera").get("/search", {"q": words}).headers["Location"] == page
        listed = browser("vera").get("/console/operation/", {"q": words}).context["cl"].result_list
        assert [f"/operations/{each.pk}" for each in listed] == [page] * page.startswith("/operations/")
    assert len(browser("vera").get(leads["req_both"]).context["cl"].result_list) == 2
    assert "Nothing here has this id" in browser("vera").get("/search", {"q": "req_nowhere"}).content.decode()


def test_a_ticket_leads_to_operations_and_sessions_for_who_may_read_it() -> None:
    known_accounts()
    own = operation(ticket="CS-77", account_id=ACCOUNT, reason="The customer asked for it")
    view_as(browser("otto"), ticket="CS-77")
    assert titles("otto", "cs-77") == {"Operations", "Work sessions"}
    assert titles("sam", "CS-77") == {"Operations"}
    assert titles("vera", "CS-77") == set()
    for who, found in (("otto", [own]), ("vera", [])):
        assert list(browser(who).get("/console/operation/", {"q": "CS-77"}).context["cl"].result_list) == found
    assert list(browser("otto").get("/console/operation/", {"q": "cancel card"}).context["cl"].result_list) == [own]
    assert list(browser("otto").get("/console/operation/", {"q": str(own.pk)}).context["cl"].result_list) == [own]
    assert WorkSession.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["/issuing/card/", "/console/operation/", "/issuing/transaction/", "/accounts/account/"]
)
def test_titles_say_when_nothing_is_found(path: str) -> None:
    one_of_each()
    ana = browser("ana")
    assert "Nothing found |" in ana.get(path, {"q": "zzzz"}).content.decode()
    assert "Nothing found |" not in ana.get(path).content.decode()
    sam = browser("sam")
    view_as(sam)
    assert "Nothing found |" in sam.get(f"/{ACCOUNT}/issuing/cards", {"q": "zzzz"}).content.decode()


def test_the_search_page_costs_few_queries() -> None:
    one_of_each()
    for words in ("rocket", "4302", "+14155550123", "order:4711"):
        assert cost(browser("ana"), f"/search?q={words}") <= MOST


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite tells its plan of small tables")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        (lambda: Metadata.objects.filter(key="order", value="4711"), "metadata_value"),
        (lambda: Cardholder.objects.filter(phone="155550123"), "cardholder_phone"),
        (lambda: Person.objects.filter(phone="155550123"), "person_phone"),
        (lambda: Operation.objects.under("CS-77"), "operation_ticket"),
        (lambda: Operation.objects.filter(attempts__gt=1).order_by("-created_at"), "operation_retried"),
        (lambda: WorkSession.objects.under("CS-77"), "session_ticket"),
        (lambda: Event.objects.filter(request_id="req_1"), "event_request"),
    ],
)
def test_what_is_looked_up_has_an_index(query: Any, index: str) -> None:
    assert index in query().explain()


@pytest.mark.parametrize("words", ["deactivate card", "issuing.deactivate_card", "eactivate"])
def test_operations_are_found_by_a_part_of_what_was_asked_for(words: str) -> None:
    known_accounts()
    made = operation(verb="issuing.deactivate_card")
    operation(verb="issuing.cancel_card")
    page = browser("vera").get("/console/operation/", {"q": words})
    assert [each.pk for each in page.context["cl"].result_list] == [made.pk]
    assert "Deactivate card" in page.content.decode()


def test_an_event_of_what_has_no_id_names_it_and_not_its_account_twice() -> None:
    known_accounts()
    event("evt_1", account=ACCOUNT, object_key=f"capability:{ACCOUNT}.card_issuing")
    page = browser("vera").get("/gateway/event/").content.decode()
    assert ">card_issuing<" in page
    assert f"{ACCOUNT}.card_issuing" not in page


def test_a_balance_transaction_is_found_in_the_boxes_of_what_it_is_of() -> None:
    known_accounts()
    authorization = rows.authorization(rows.card(rows.cardholder()))
    made = {"authorization": authorization, "transaction": rows.transaction(authorization), "topup": rows.topup()}
    for name, row in made.items():
        move = rows.balance_transaction(-5, "payment", source=row.pk)
        found = browser("vera").get(f"/issuing/{name}/", {"q": move.pk}).context["cl"].result_list
        assert [each.pk for each in found] == [row.pk]
        assert not type(row).objects.search("txn_nothing")


def test_an_account_is_found_by_the_names_of_its_persons() -> None:
    known_accounts()
    account = Account.objects.get(pk=ACCOUNT)
    builders.person(account, first_name="Ottilie", last_name="Brandvold")
    for words in ("brandvold", "Ottilie Brandvold", "ILIE"):
        for personal in (True, False):
            assert list(Account.objects.search(words, personal=personal)) == [account]
        assert titles("vera", words) == {"Connected accounts"}


def test_a_top_up_is_found_by_its_description_for_who_sees_it_whole() -> None:
    known_accounts()
    row = rows.topup(description="For the fair, ask ana@kestrel.example")
    rows.topup(description=None)
    for words in ("the FAIR", "ana@kestrel"):
        assert list(Topup.objects.search(words, personal=True)) == [row]
        assert not Topup.objects.search(words)
    assert titles("ana", "the fair") == {"Top-ups"}
    assert titles("vera", "the fair") == set()
