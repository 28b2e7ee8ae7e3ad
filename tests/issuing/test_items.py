"""What needs a person, asked for one account or one object: the same things that home shows, and no others."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone

from accounts.account.models import Account
from console.operations.models import Operation
from console.shell import items, nouns
from gateway.models import Event
from issuing.cardholders.models import Cardholder
from tests.accounts import builders
from tests.costs import MOST, MOST_OF_ACCOUNT, cost
from tests.issuing import rows
from tests.people import browser, person, work

pytestmark = pytest.mark.django_db
HOSTILE = "Marta \u202e<script>alert(1)</script> \u05d0\u05d1 " + "x" * 200
PAST_DUE = {"disabled_reason": "requirements.past_due", "past_due": ["individual.first_name"]}
NAMES = {"acct_1Due": "Alder", "acct_1Off": HOSTILE, "acct_1Short": "Birch", "acct_1Calm": "Cedar"}


def request_of(name: str) -> HttpRequest:
    """A request as this person makes it."""
    request = RequestFactory().get("/")
    request.user = person(name)
    return request


def operation(account_id: str, object_id: str = "", **values: Any) -> Operation:
    """One that was not found at Stripe."""
    made = {"user": person("otto"), "reason": "r", "state": "not_found", "error_message": f"No such {HOSTILE}"}
    keys = {"key": uuid.uuid4().hex, "form_token": uuid.uuid4().hex}
    about = {"account_id": account_id, "account_name": NAMES[account_id], "object_id": object_id}
    return Operation.objects.create(verb="issuing.cancel_card", **{**made, **keys, **about, **values})


def event(number: int, account_id: str, object_key: str = "") -> Event:
    """One that was given up."""
    fields = {"type": "issuing_card.updated", "created": number, "livemode": False, "payload": {}, "attempts": 12}
    about = {"account": account_id, "object_key": object_key, "received_at": timezone.now(), "state": "dead"}
    return Event.objects.create(id=f"evt_{number}", **fields, **about)


@pytest.fixture
def card() -> Any:
    """Four accounts, three of which need something in every way there is; a card of the third."""
    due = builders.requirements(currently_due=["company.phone"], past_due=["company.phone"])
    for account_id, data in (("acct_1Due", {"requirements": due}), ("acct_1Short", {}), ("acct_1Calm", {})):
        owner = builders.account(account_id, business_profile={"name": NAMES[account_id]}, **data)
        builders.capability(owner)
    stopped = builders.account(
        "acct_1Off", business_profile={"name": HOSTILE}, capabilities={"card_issuing": "inactive"}
    )
    asked = builders.requirements(disabled_reason="platform_paused")
    builders.capability(stopped, status="inactive", requirements=asked)
    rows.cardholder("acct_1Short", name=f"Jonas {HOSTILE}"[:64], requirements=PAST_DUE)
    made = rows.card(rows.cardholder("acct_1Short", requirements=PAST_DUE), "acct_1Short")
    rows.balance(0, "acct_1Short")
    for account_id in ("acct_1Short", "acct_1Off"):
        operation(account_id, made.pk if account_id == "acct_1Short" else "")
    event(1, "acct_1Short", f"issuing.card:{made.pk}"), event(2, "acct_1Due")
    return made


def on_home(request: HttpRequest, account_id: str) -> list[nouns.Item]:
    """Those of home that are about the account, in its order."""
    every = [item for _, waiting in items.waiting(request, 50) for item in waiting.items]
    return [item for item in items.soonest(every) if item.account_id == account_id]


def facts(found: list[nouns.Item]) -> list[tuple[str, nouns.Item]]:
    """All that they say; when it began to the minute, because Stripe's clock is read for each."""
    whole = {"microsecond": 0, "second": 0}
    return sorted(
        (item.url + item.title, replace(item, start=item.start and item.start.replace(**whole))) for item in found
    )


@pytest.mark.parametrize("who", ["vera", "sam", "otto", "ana"])
@pytest.mark.parametrize("account_id", NAMES)
def test_an_account_has_the_items_that_home_shows_of_it(card: Any, account_id: str, who: str) -> None:
    name = str(Account.objects.get(pk=account_id))
    own = items.of_account(request_of(who), account_id, name)
    shown = [replace(item, account_name=item.account_name or name) for item in on_home(request_of(who), account_id)]
    assert facts(own) == facts(shown)
    assert bool(own) == (account_id != "acct_1Calm")
    assert {item.kind for item in own} <= {queue.name for queue in nouns.queues()}


def test_every_noun_says_what_one_account_needs(card: Any) -> None:
    kinds = {item.kind for account_id in NAMES for item in items.of_account(request_of("ana"), account_id)}
    assert kinds == {queue.name for queue in nouns.queues() if queue.of_account}
    assert kinds >= {"accounts", "issuing_off", "balances", "cardholders", "operations", "events"}


def test_an_object_has_those_about_itself(card: Any) -> None:
    found = items.of_object(request_of("ana"), card)
    assert {(item.kind, item.object_id) for item in found} == {("operations", card.pk), ("events", card.pk)}
    every = items.of_account(request_of("ana"), "acct_1Short")
    assert facts(found) == facts([item for item in every if item.object_id == card.pk])
    other = rows.card(card.cardholder, "acct_1Short")
    assert items.of_object(request_of("ana"), other) == []
    (holder,) = items.of_object(request_of("ana"), card.cardholder)
    assert (holder.kind, holder.object_id) == ("cardholders", card.cardholder_id)


def test_items_without_their_permission_are_not_asked_for(card: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any) -> list[nouns.Item]:
        raise AssertionError("asked without the permission")

    secret = nouns.Queue(
        name="s", one="s", label="s", link=str, waiting=asked, count=int, of_account=asked, of_object=asked,
        permission="console.add_user",
    )  # fmt: skip
    monkeypatch.setattr(nouns, "_nouns", [nouns.Noun(queues=(secret,))])
    request = request_of("otto")
    assert (items.waiting(request), items.of_account(request, "acct_1Due"), items.of_object(request, card)) == (
        [], [], [],
    )  # fmt: skip
    with pytest.raises(AssertionError, match="asked"):
        items.of_object(request_of("ana"), card)


def test_the_accounts_page_shows_them_once(card: Any) -> None:
    ana = browser("ana")
    short = ana.get("/connect/accounts/acct_1Short").content.decode()
    assert short.count('id="items-title"') == 1
    for kind in ("Issuing balance is used up", "something is past due", "Not found at Stripe", "Event given up"):
        assert kind in short, kind
    assert "<script>alert" not in short
    due = ana.get("/connect/accounts/acct_1Due")
    assert [item.kind for item in due.context["items"]] == ["events"]  # what is due stands in Actions required
    off = ana.get("/connect/accounts/acct_1Off")
    assert [item.kind for item in off.context["items"]] == ["operations"]  # why it is off has a panel of its own
    assert 'id="items-title"' not in ana.get("/connect/accounts/acct_1Calm").content.decode()
    assert 'id="items-title"' not in ana.get("/connect/accounts/acct_1Short?tab=json").content.decode()


def test_an_objects_page_shows_what_it_does_not_say_itself(card: Any) -> None:
    ana = browser("ana")
    work(ana, "acct_1Short")
    page = ana.get(card.get_absolute_url())
    assert {item.kind for item in page.context["items"]} == {"operations", "events"}
    assert "<script>alert" not in page.content.decode()
    holder = ana.get(card.cardholder.get_absolute_url())
    assert list(holder.context["items"]) == []  # its own words say what is past due
    assert "Stripe asks for something" in holder.content.decode()


def test_however_much_waits_a_page_costs_the_same(card: Any) -> None:
    ana = browser("ana")
    work(ana, "acct_1Short")
    paths = ("/connect/accounts/acct_1Short", card.get_absolute_url())
    costs = [cost(ana, path) for path in paths]
    for number in range(10, 30):
        event(number, "acct_1Short", f"issuing.card:{card.pk}"), operation("acct_1Short", card.pk)
        rows.cardholder("acct_1Short", requirements=PAST_DUE)
    assert [cost(ana, path) for path in paths] == costs
    assert (costs[0] <= MOST_OF_ACCOUNT, costs[1] <= MOST) == (True, True)
    assert len(items.of_object(request_of("ana"), card)) == 2 * nouns.SHOWN


def test_rows_read_together_are_whole(card: Any) -> None:
    left = Operation.objects.needing_a_person().order_by("created_at")
    holders = Cardholder.objects.needing_attention()
    from console.lists import together

    read, others, dead = together.read([left, holders, Event.objects.defer("payload")], 50)
    by_id = {row.pk: row for row in read}
    for row in left:
        for field in Operation._meta.concrete_fields:
            assert getattr(by_id[row.pk], field.attname) == getattr(row, field.attname), field.attname
    assert {row.pk: row.data for row in others} == {row.pk: row.data for row in holders}
    assert all("payload" in row.get_deferred_fields() for row in dead)
    assert together.read([], 8) == []
    assert [row.pk for (row,) in together.read([left.filter(account_id="acct_1Off")], 8)] == [
        row.pk for row in left.filter(account_id="acct_1Off")
    ]
