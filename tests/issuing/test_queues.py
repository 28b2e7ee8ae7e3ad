"""Whatever home counts, the list that it leads to shows: the same things, and no others."""

import uuid

import pytest
from django.core.cache import cache
from django.utils import timezone

from console.approvals.models import Approval
from console.operations.models import Operation
from console.shell import home, nouns
from gateway.models import Event
from issuing.authorizations.models import Authorization
from tests.accounts import builders
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import browser, person

pytestmark = pytest.mark.django_db
PAST_DUE = {"disabled_reason": "requirements.past_due", "past_due": ["individual.first_name"]}


def account(number: int, **state: object) -> str:
    row = builders.account(f"acct_{number}", **state)
    builders.capability(row)
    return row.pk


def spender(number: int, available: int, *, status: str = "active") -> None:
    """An account that may issue, with a card and an Issuing balance."""
    owner = account(number)
    rows.card(rows.cardholder(owner), owner, status=status)
    rows.balance(available, owner)


def operation(state: str) -> Operation:
    token, key = uuid.uuid4().hex, uuid.uuid4().hex
    return Operation.objects.create(
        verb="v", user=person("otto"), account_id="acct_6", reason="r", key=key, form_token=token, state=state
    )


@pytest.fixture(autouse=True)
def world() -> None:
    """A bit of everything that counts, beside what looks like it and does not."""
    cache.clear()
    due = builders.requirements(currently_due=["company.phone"], past_due=["company.phone"])
    account(1, requirements=due)
    account(2, requirements=builders.requirements(past_due=["external_account"], currently_due=["external_account"]))
    account(3, requirements=builders.requirements(pending_verification=["company.tax_id"]))
    account(4, requirements=builders.requirements(disabled_reason="rejected.other"))
    spender(5, 0)
    spender(6, 1_000_000)
    spender(7, 0, status="canceled")
    paused = builders.requirements(disabled_reason="platform_paused")
    stopped = builders.account("acct_8", capabilities={"card_issuing": "inactive"})
    builders.capability(stopped, status="inactive", requirements=paused)
    for status in ("active", "inactive", "blocked"):
        rows.cardholder("acct_6", status=status, requirements=PAST_DUE)
    gone = rows.cardholder("acct_6", requirements=PAST_DUE)
    type(gone).objects.filter(pk=gone.pk).update(gone_at=timezone.now())
    for state in ("not_found", "succeeded", "refused"):
        operation(state)
    for state in ("waiting", "void", "withdrawn"):
        asked = {"operation": operation("awaiting"), "requester": person("otto"), "unanswered": state == "void"}
        Approval.objects.create(state=state, **asked)
    for number, state in enumerate(("dead", "done", "quarantined")):
        Event.objects.create(
            id=f"evt_{number}",
            state=state,
            type="account.updated",
            created=number,
            livemode=False,
            payload={},
            received_at=timezone.now(),
        )


@pytest.mark.parametrize(
    "name",
    ["accounts", "issuing_off", "balances", "cardholders", "operations", "events", "approvals", "approvals_ended"],
)
@pytest.mark.parametrize("who", ["vera", "sam", "otto", "ana"])
def test_the_list_behind_a_count_has_as_many_rows(name: str, who: str) -> None:
    queue = next(queue for queue in nouns.queues() if queue.name == name)
    answer = browser(who).get(queue.link())
    assert answer.status_code == 200
    listed = len(answer.context["cl"].result_list)
    assert queue.count() == len(queue.waiting(answer.wsgi_request, 8).times) == listed == 1


def test_home_leads_to_every_list_with_its_count() -> None:
    context = browser("vera").get("/").context
    assert context["needing"] == len(context["items"]) == 8
    assert {link["count"] for link in context["links"]} == {1}
    assert len(context["links"]) == 8  # what waits for nobody has none
    assert home.SHOWN >= 8


@pytest.mark.parametrize(("who", "buttons"), [("vera", 0), ("sam", 0), ("otto", 1), ("ana", 1)])
def test_topping_up_is_offered_to_those_who_may(who: str, buttons: int) -> None:
    items = browser(who).get("/").context["items"]
    assert sum(item.button == "Top up" for item in items) == buttons


def test_the_list_of_short_balances_costs_no_more_for_more_accounts() -> None:
    assert Authorization.objects.count() == 0
    ana, path = browser("ana"), "/accounts/account/?balance=short"
    one = cost(ana, path)
    for number in range(10, 20):
        spender(number, 0)
    assert cost(ana, path) == one <= MOST
    assert len(ana.get(path).context["cl"].result_list) == 11


def test_each_reason_for_declines_leads_to_as_many_rows() -> None:
    card = rows.card(rows.cardholder("acct_6"), "acct_6")
    for _ in range(3):
        rows.authorization(card, "acct_6", reason="card_inactive")
    rows.authorization(card, "acct_6")
    sam = browser("sam")
    panels = {entry["panel"].name: entry["context"] for entry in sam.get("/").context["panels"]}
    reasons = panels["authorizations"]["reasons"]
    assert [(each["name"], each["now"]) for each in reasons] == [("card_inactive", 3)]
    found = sam.get("/issuing/authorization/?reason=card_inactive&outcome=declined&created=14")
    assert len(found.context["cl"].result_list) == 3
