"""Accounts that leave the platform and come back; events that do not say what was before."""

from typing import Any

import pytest

from accounts.account.models import Account
from accounts.history import pages
from accounts.history.models import Requirement, StateChange
from accounts.persons.models import Person
from console.people.masking import Mask
from gateway import clock, inbox, sync
from tests.gateway.deliveries import SECRET, create_account, create_person, events_at_stripe, made_up, receive
from tests.people import browser
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
APPLICATION = {"id": "ca_1", "object": "application"}


@pytest.fixture
def account(sandbox: SandboxProcess, settings: Any) -> str:
    """An account that the mirror has."""
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [SECRET]
    account = create_account(sandbox)
    receive(*events_at_stripe(sandbox, account))
    inbox.drain()
    return account


def told(account: str) -> list[str]:
    """The sentences of its timeline, newest first."""
    timeline = pages.read(account, {}, Mask(may_see=True), everything=False)
    return [f"{entry.text} {entry.strong}" for day in timeline.days for entry in day.entries]


def leave(account: str) -> None:
    receive(made_up("account.application.deauthorized", APPLICATION, account))
    inbox.drain()
    assert Account.objects.get(pk=account).gone


def test_an_account_that_left_says_so(account: str) -> None:
    leave(account)
    assert "The account left this platform" in told(account)
    assert "application" not in "".join(told(account))
    assert not StateChange.objects.filter(noun="application").exists()


def test_an_account_that_connects_again_is_not_gone(account: str) -> None:
    leave(account)
    receive(made_up("account.application.authorized", APPLICATION, account))
    inbox.drain()
    assert not Account.objects.get(pk=account).gone
    assert "The account connected to this platform" in told(account)


def test_leaving_and_coming_back_at_once_ends_as_stripe_says(account: str) -> None:
    kinds = ("account.application.deauthorized", "account.application.authorized")
    receive(*(made_up(kind, APPLICATION, account) for kind in kinds))
    inbox.drain()
    assert not Account.objects.get(pk=account).gone


def test_an_account_that_stripe_lists_again_is_not_gone(account: str) -> None:
    leave(account)
    sync.run(nouns=["account"], threads=1)
    assert not Account.objects.get(pk=account).gone


def test_staff_can_read_again_what_is_gone(account: str) -> None:
    leave(account)
    otto = browser("otto")
    page = otto.get(f"/connect/accounts/{account}").content.decode()
    assert "No longer at Stripe" in page
    otto.post(f"/connect/accounts/{account}/refresh")
    assert not Account.objects.get(pk=account).gone
    assert "No longer at Stripe" not in otto.get(f"/connect/accounts/{account}").content.decode()


def test_an_account_that_stripe_deleted_stays_gone(sandbox: SandboxProcess, account: str) -> None:
    leave(account)
    sandbox.api("DELETE", f"/v1/accounts/{account}")
    assert Account.objects.get(pk=account).refresh().gone


def without_previous(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "data": {"object": event["data"]["object"]}}


def test_an_event_without_previous_attributes_leaves_what_it_changed(sandbox: SandboxProcess, account: str) -> None:
    sandbox.control("clock", {"advance": "5s"})
    before = Requirement.objects.count()
    sandbox.api("POST", f"/v1/accounts/{account}", {"business_profile[mcc]": "5734", "business_profile[name]": "Ilves"})
    receive(without_previous(events_at_stripe(sandbox, account, "account.updated")[-1]))
    inbox.drain()
    met = Requirement.objects.filter(scope="account", became="met", key="business_profile.mcc", source="event")
    assert {row.list for row in met} == {"currently_due", "past_due", "eventually_due"}
    assert Requirement.objects.count() > before
    name = StateChange.objects.get(account=account, field="business_profile.name")
    assert (name.before, name.after, name.source) == (None, "Ilves", "event")


def test_two_such_events_in_one_batch_each_leave_their_own(sandbox: SandboxProcess, account: str) -> None:
    for name in ("First", "Second"):
        sandbox.control("clock", {"advance": "5s"})
        sandbox.api("POST", f"/v1/accounts/{account}", {"business_profile[name]": name})
    receive(*map(without_previous, events_at_stripe(sandbox, account, "account.updated")[-2:]))
    inbox.drain()
    rows = StateChange.objects.filter(account=account, field="business_profile.name").order_by("at")
    assert [(row.before, row.after) for row in rows] == [(None, "First"), ("First", "Second")]


def test_such_an_event_that_comes_late_tells_nothing_backwards(sandbox: SandboxProcess, account: str) -> None:
    for name in ("First", "Second"):
        sandbox.control("clock", {"advance": "5s"})
        sandbox.api("POST", f"/v1/accounts/{account}", {"business_profile[name]": name})
    first, second = events_at_stripe(sandbox, account, "account.updated")[-2:]
    receive(second)
    inbox.drain()
    receive(without_previous(first))
    inbox.drain()
    rows = StateChange.objects.filter(account=account, field="business_profile.name")
    assert [(row.before, row.after) for row in rows] == [("First", "Second")]


def test_such_an_event_of_a_person_is_compared_as_well(sandbox: SandboxProcess, account: str) -> None:
    person = create_person(sandbox, account)
    receive(*events_at_stripe(sandbox, account, "person.*"))
    inbox.drain()
    sandbox.control("clock", {"advance": "5s"})
    sandbox.api("POST", f"/v1/accounts/{account}/persons/{person}", {"last_name": "Ilves"})
    receive(without_previous(events_at_stripe(sandbox, account, "person.updated")[-1]))
    inbox.drain()
    assert Person.objects.get(pk=person).data["last_name"] == "Ilves"
    assert Requirement.objects.filter(scope=person, key="last_name", became="met").exists()


def test_an_account_that_stripe_no_longer_serves_is_told_to_be_gone(sandbox: SandboxProcess, account: str) -> None:
    sandbox.control("clock", {"advance": "1m"})
    clock.forget()
    clock.refresh()
    sandbox.api("DELETE", f"/v1/accounts/{account}")
    row = Account.objects.get(pk=account).refresh()
    assert row.gone
    row.refresh()
    assert told(account).count("The account is no longer at Stripe") == 1
    application = made_up("account.application.deauthorized", APPLICATION, account, created=row.as_of - 1)
    receive(application)
    inbox.drain()
    assert "The account left this platform" in told(account)
    assert "The account is no longer at Stripe" not in told(account)


def test_such_an_event_within_the_second_of_what_it_replaced_is_told(sandbox: SandboxProcess, account: str) -> None:
    sandbox.control("clock", {"advance": "5s"})
    sandbox.api("POST", f"/v1/accounts/{account}", {"business_profile[name]": "Ilves"})
    update = events_at_stripe(sandbox, account, "account.updated")[-1]
    Account.objects.filter(pk=account).update(as_of=update["created"])
    receive(without_previous(update))
    inbox.drain()
    rows = StateChange.objects.filter(account=account, field="business_profile.name")
    assert [(row.before, row.after) for row in rows] == [(None, "Ilves")]
