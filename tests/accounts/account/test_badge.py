"""Accounts keep the Issuing badge that pages show as a column, whatever wrote the account or its capability."""

import time
from collections.abc import Callable
from importlib import import_module
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from gateway import absorbing, inbox, mirror, order, reading
from gateway.client import Answer
from tests.accounts import builders
from tests.gateway.deliveries import SECRET, made_up, receive
from tests.people import browser

pytestmark = pytest.mark.django_db
ACCOUNT = "acct_1Kestrel"
ROWS: dict[type[mirror.Mirror], str] = {Account: ACCOUNT, Capability: f"{ACCOUNT}.card_issuing"}
STATES = ("active", "inactive", "pending", "unheard_of")
APART = order.DOUBT + 1  # seconds: a list page replaces what is older
Way = Callable[[type[mirror.Mirror], dict[str, Any], int], object]


def shown(model: type[mirror.Mirror], status: str | None, reason: str | None) -> dict[str, Any]:
    asked = builders.requirements(disabled_reason=reason)
    if model is Account:
        capabilities = {"card_issuing": status} if status else {}
        return builders.account_data(ACCOUNT, capabilities=capabilities, requirements=asked)
    status = status or "unrequested"
    return {"id": "card_issuing", "object": "capability", "account": ACCOUNT, "status": status, "requirements": asked}


def by_answer(model: type[mirror.Mirror], data: dict[str, Any], second: int) -> None:
    model.absorb_answer(Answer(data, second, "req_1", False), account=ACCOUNT)


def by_page(model: type[mirror.Mirror], data: dict[str, Any], second: int) -> None:
    absorbing.absorb([absorbing.Page(None if model is Account else ACCOUNT, [data], second)])


def by_event(model: type[mirror.Mirror], data: dict[str, Any], second: int) -> None:
    receive(made_up(f"{data['object']}.updated", data, ACCOUNT, created=second))
    inbox.drain()


def by_reading(model: type[mirror.Mirror], data: dict[str, Any] | None, second: int) -> None:
    revision = reading.revisions(model, [ROWS[model]])[ROWS[model]]
    reading.write(model, [reading.Read(ROWS[model], ACCOUNT, data, second, revision)])


def by_its_end(model: type[mirror.Mirror], data: dict[str, Any], second: int) -> None:
    by_reading(model, None, second)


WAYS: tuple[Way, ...] = (by_answer, by_page, by_event, by_reading, by_its_end)


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [SECRET]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("first", ROWS)
def test_no_way_of_writing_leaves_the_badge_behind(first: type[mirror.Mirror], seed: int) -> None:
    chosen, seconds = Random(seed), count(int(time.time()) - 100 * APART, APART)
    if first is Capability:
        by_answer(Capability, shown(Capability, "inactive", None), next(seconds))
    by_answer(Account, shown(Account, "active", None), next(seconds))
    for _ in range(30):
        model, way = chosen.choice(list(ROWS)), chosen.choice(WAYS)
        if model is Account and way is by_its_end:
            continue  # nothing is heard of an account that left
        data = shown(model, chosen.choice((*STATES, None)), chosen.choice((None, None, "rejected.fraud", "listed")))
        gone = way not in (by_reading, by_its_end) and model.every.filter(pk=ROWS[model]).exclude(gone_at=None).exists()
        (by_reading if gone else way)(model, data, next(seconds))
        account = Account.objects.get(pk=ACCOUNT)
        assert account.badge == account.issuing.name, way.__name__


@pytest.mark.parametrize("way", [by_answer, by_page, by_event, by_reading])
@pytest.mark.parametrize("model", ROWS)
def test_a_badge_that_an_older_release_left_behind_is_healed_by_the_same_data(
    model: type[mirror.Mirror], way: Way
) -> None:
    second = int(time.time()) - 3 * APART
    by_answer(Account, shown(Account, "active", None), second)
    by_answer(Capability, shown(Capability, "active", None), second)
    Account.every.update(badge="restricted")
    way(model, shown(model, "active", None), second + APART)
    assert Account.objects.get().badge == "enabled"


def test_an_account_whose_capability_is_written_is_locked_before_it() -> None:
    account = builders.account()
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        mirror.locked(Capability, {f"{account.pk}.card_issuing": account.pk})
    tables = [query["sql"].partition(" FROM ")[2].split()[0] for query in queries if " FROM " in query["sql"]]
    assert tables.index('"accounts_account"') < tables.index('"accounts_capability"')


def test_what_says_nothing_new_of_the_badge_writes_no_account() -> None:
    by_answer(Account, shown(Account, "active", None), int(time.time()) - 100)
    with CaptureQueriesContext(connection) as queries:
        by_answer(Capability, shown(Capability, "active", None), int(time.time()) - 99)
    updates = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "accounts_account"')]
    assert len(updates) == 1
    assert " AND NOT " in updates[0]


def test_the_badges_of_an_older_release_are_taken_over() -> None:
    account = builders.account()
    builders.capability(account, status="pending")
    bare = builders.account("acct_1Bare", capabilities={"card_issuing": "inactive"})
    Account.every.update(badge="")
    for _ in range(2):
        import_module("accounts.migrations.0011_badge").fill(apps, SimpleNamespace(connection=connection))
    assert dict(Account.every.values_list("pk", "badge")) == {account.pk: "in_review", bare.pk: "restricted"}


def test_the_list_filters_by_the_badge_that_it_shows() -> None:
    account = builders.account()
    capability = builders.capability(account, status="pending")
    by_reading(Capability, None, capability.as_of + 1)  # gone: the account's own word counts again
    page = browser("ana").get("/accounts/account/?issuing=enabled").content.decode()
    assert account.pk in page
    assert account.pk not in browser("ana").get("/accounts/account/?issuing=in_review").content.decode()
