"""Every kind of page that is got, in a world where each queue, panel and timeline has something to show."""

import uuid
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from accounts.account.models import Account
from accounts.account.pages import PARTS
from accounts.account.words import TABS
from accounts.history.models import StateChange
from console.operations import verbs
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.record.models import AuditEntry
from console.shell import nouns
from console.viewing.models import AccessEntry, WorkSession
from gateway.models import Event
from issuing.authorizations.models import Authorization
from tests.accounts import builders
from tests.costs import MOST, MOST_OF_ACCOUNT, cost
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as, work
from tests.permissions import TABLE

pytestmark = pytest.mark.django_db
PAGE = f"/connect/accounts/{ACCOUNT}"
OF_ACCOUNT = (PAGE, f"/{ACCOUNT}/activity")  # the account's page: its tabs, its timeline
PAST_DUE = "requirements.past_due"
NO_PAGES = {"healthz", "readyz", "logout", "jsi18n", "webhook", "connect_webhook"}


@pytest.fixture
def world() -> dict[str, str]:
    """One of everything that an address can name, and a history of each noun that words its own."""
    known_accounts()
    for account_id in (ACCOUNT, OTHER_ACCOUNT):
        _asked_of(account_id)
    for account_id, reason in (("acct_1Paused", "platform_paused"), ("acct_1Reviewed", "under_review")):
        off = builders.account(account_id, capabilities={"card_issuing": "inactive"})
        asked = builders.requirements(disabled_reason=reason)
        builders.capability(off, status="inactive", requirements=asked)
    session = view_as(browser("sam"))
    WorkSession.objects.filter(pk=session.pk).update(ended_at=timezone.now(), end="click")
    card = rows.card(rows.cardholder(requirements={"disabled_reason": PAST_DUE, "past_due": ["individual.dob.day"]}))
    authorization = rows.authorization(card)
    for place in range(9):
        rows.authorization(card, reason=("insufficient_funds", "spending_controls")[place % 2])
    rows.balance_transaction(1750000, "topup")
    rows.balance(-100)
    made = {
        "cardholder": card.cardholder,
        "card": card,
        "authorization": authorization,
        "transaction": rows.transaction(authorization),
        "topup": rows.topup(),
        "operation": _operation(),
        "event": _event("evt_1Tests"),
        "user": person("vera"),
        "work_session": session,
        "access_entry": AccessEntry.objects.create(
            work_session=session, user=person("sam"), account_id=ACCOUNT, path="/"
        ),
        "audit_entry": AuditEntry.objects.first(),
    }
    for noun in ("cardholder", "card", "authorization", "transaction", "topup"):
        _changed(made[noun])
    return {"account": ACCOUNT, **{name: str(row.pk) for name, row in made.items()}}  # type: ignore[attr-defined]


def _asked_of(account_id: str) -> None:
    row, late = Account.objects.get(pk=account_id), ["company.phone", "person_1.first_name"]
    row.data = builders.account_data(account_id, requirements=builders.requirements(past_due=late, currently_due=late))
    row.set_columns()
    row.save()
    builders.capability(row)
    builders.person(row, f"person_{account_id}")


def _operation() -> Operation:
    return Operation.objects.create(
        verb="tests.gone",
        user=person("sam"),
        account_id=ACCOUNT,
        reason="r",
        key="k",
        form_token=uuid.uuid4().hex,
        state="not_found",
    )


def _event(event_id: str) -> Event:
    return Event.objects.create(
        id=event_id,
        account=ACCOUNT,
        type="account.updated",
        created=1,
        livemode=False,
        payload={},
        received_at=timezone.now(),
        state="dead",
    )


def _changed(row: object) -> None:
    StateChange.objects.create(
        account_id=ACCOUNT,
        at=timezone.now(),
        source="event",
        source_id=f"evt_{row.pk}",  # type: ignore[attr-defined]
        subject=row.pk,  # type: ignore[attr-defined]
        noun=row.stripe_object,  # type: ignore[attr-defined]
        field="object",
        after="created",
    )


def addresses(world: dict[str, str]) -> Iterator[str]:
    """Of the table of permissions, of the account's tabs and parts, and of each verb."""
    for name, row in TABLE.items():
        if row.method == "get" and row.answer == 200 and row.lowest != "nobody" and name not in NO_PAGES:
            yield row.path.format(**world)
    yield from (f"{PAGE}?tab={tab}" for tab in TABS)
    yield from (row.get_absolute_url() for row in Authorization.objects.all())
    yield from (f"{PAGE}/live?part={part}" for part in PARTS)
    yield f"/connect/accounts/{OTHER_ACCOUNT}/view-as"
    for verb in verbs.every():
        yield from of_verb(verb, world)


def of_verb(verb: Verb, world: dict[str, str]) -> Iterator[str]:
    """Its forms, with what an address may fill in, and its preview for many."""
    if not verb.about_account:
        yield f"/do/{verb.name}/"
        return
    if verb.noun:
        row = verb.noun.objects.get(pk=world[verb.noun_name])
        yield verb.address(row)
    else:
        first = {name: world[name] for name in verb.form.base_fields if name in world}
        yield from (f"{before}/do/{verb.name}?{urlencode(first)}" for before in (PAGE, f"/{ACCOUNT}"))
    if verb.bulk:
        model = verb.noun or Account
        many = urlencode({"id": list(model.objects.values_list("pk", flat=True))}, doseq=True)
        yield f"/bulk/{verb.name}/?{many}"


@pytest.mark.parametrize("status", ["", "inactive", "active"])
def test_the_first_steps_cost_no_more_than_a_page(status: str) -> None:
    builders.capability(builders.account(ACCOUNT))
    rows.balance(1000)
    if status:
        rows.card(rows.cardholder(), status=status)
    client, path = browser("ana"), f"/{ACCOUNT}/issuing/overview"
    work(client)
    assert client.get(path).context["next_step"]
    assert cost(client, path) <= MOST


def test_choosing_rows_of_a_list_costs_no_more_than_a_page(world: dict[str, str]) -> None:
    client, costs = browser("ana"), {}
    work(client)
    for verb in (each for each in verbs.every() if each.bulk):
        options = (verb.noun or Account)._meta
        chosen = list((verb.noun or Account).objects.values_list("pk", flat=True))
        form = {"action": verb.name, "_selected_action": chosen, "index": "0"}
        costs[verb.name] = cost(client, f"/{options.app_label}/{options.model_name}/", **form)
    assert {name: number for name, number in costs.items() if number > MOST} == {}


def test_no_page_costs_more_than_its_kind_may(world: dict[str, str]) -> None:
    assert [queue.name for queue in nouns.queues() if not queue.count()] == []
    client = browser("ana")
    work(client)
    costs = {path: cost(client, path) for path in dict.fromkeys(addresses(world)) if path != f"{PAGE}/view-as"}
    most = {path: MOST_OF_ACCOUNT if path.partition("?")[0] in OF_ACCOUNT else MOST for path in costs}
    assert {path: number for path, number in costs.items() if number > most[path]} == {}
