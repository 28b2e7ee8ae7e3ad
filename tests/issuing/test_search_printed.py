"""Every text with a copy button, on every page, is found by the box above it."""

import html
import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts.account.models import Account
from accounts.account.pages import TABS
from console.lists import keyset
from console.operations.models import Operation
from console.record.models import AuditEntry
from gateway.models import Event
from issuing.authorizations.models import Authorization
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests.accounts import builders
from tests.issuing import rows
from tests.keeping import once
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, view_as, work
from tests.permissions import TABLE
from tests.plans import analyze, mirrors, plans_of
from tests.world import made as made_world

pytestmark = pytest.mark.django_db
COPIED = re.compile(r'data-copy="([^"]*)"')
GIN = "SELECT c.oid FROM pg_class c JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'gin' AND c.relkind = 'i'"
OF_NONE = "acct_1Gone"  # a brake's target that is no account here, which the search says
KINDS = {"acct", "evt", "iauth", "ic", "ich", "ipi", "mail", "person", "req", "tu", "txn"}


def world() -> dict[str, str]:
    """One of everything, with what stands beside it at Stripe: events, balance transactions, requests."""
    found = made_world()
    seen = {"type": "x", "created": 1, "livemode": False, "payload": {}, "received_at": timezone.now()}
    for name in ("cardholder", "card", "authorization", "transaction", "topup"):
        Event.objects.create(id=f"evt_{found[name]}", idempotency_key=f"somebodys-own-key-{name}", **seen)
    for name in ("transaction", "authorization"):
        row = (Transaction if name == "transaction" else Authorization).objects.get(pk=found[name])
        move = rows.balance_transaction(-5, "issuing_transaction", source=row.pk)
        row.data = {**row.data, "balance_transaction": move.pk, "balance_transactions": [{"id": move.pk, "amount": -5}]}
        row.save()
    Operation.objects.filter(pk=found["operation"]).update(key=f"console-{uuid.uuid4()}", request_id="req_1Printed")
    return found


made = once(world)


@pytest.mark.crawl
def test_whatever_has_a_copy_button_is_found(made: dict[str, str]) -> None:
    ana = browser("ana")
    work(ana)
    tabs = [f"/connect/accounts/{ACCOUNT}?tab={tab}" for tab in TABS]
    paths = [row.path.format(**made) for row in TABLE.values() if row.method == "get" and row.lowest != "anyone"]
    printed: dict[str, str] = {}
    for path in (*tabs, *paths):
        page = ana.get(path)
        if page.status_code == 200 and not page.streaming:
            printed.update(dict.fromkeys(map(html.unescape, COPIED.findall(page.content.decode())), path))
    lost = {}
    for text, path in printed.items():
        answer = ana.get("/search", {"q": text})
        if answer.status_code == 200 and not answer.context["groups"] and text != OF_NONE:
            lost[text] = path
    assert lost == {}
    assert {text.partition("_")[0] for text in printed if "_" in text} >= KINDS


def titles(who: str, words: str) -> set[str]:
    answer = browser(who).get("/search", {"q": words})
    assert answer.status_code == 200, answer.headers
    return {group["title"] for group in answer.context["groups"]}


def test_a_key_leads_to_its_operation_or_its_event_for_everybody(made: dict[str, str]) -> None:
    own = Operation.objects.get(pk=made["operation"])
    Operation.objects.filter(pk=own.pk).update(ticket="CS-77")
    found = browser("vera").get("/search", {"q": own.key}).context["groups"]
    assert [(group["title"], [row.url for row in group["rows"]]) for group in found] == [
        ("Operations", [f"/operations/{own.pk}"])
    ]
    assert "CS-77" not in str(found)
    assert titles("vera", "somebodys-own-key-card") == {"Events"}


def test_a_work_sessions_number_is_found_by_who_may_see_sessions() -> None:
    known_accounts()
    session = view_as(browser("sam"))
    for who, found in (("otto", {"Work sessions"}), ("ana", {"Work sessions"}), ("sam", set()), ("vera", set())):
        assert titles(who, str(session.pk)) == found


def test_a_row_of_the_trail_is_found_by_its_digest(made: dict[str, str]) -> None:
    row = AuditEntry.objects.get(pk=made["audit_entry"])
    assert titles("otto", row.digest) == {"Audit"}
    assert titles("vera", row.digest) == set()


def test_a_balance_transaction_is_found_in_the_boxes_of_what_it_is_of() -> None:
    known_accounts()
    authorization = rows.authorization(rows.card(rows.cardholder()))
    made = {"authorization": authorization, "transaction": rows.transaction(authorization), "topup": rows.topup()}
    for name, row in made.items():
        move = rows.balance_transaction(-5, "payment", source=row.pk)
        found = browser("vera").get(f"/issuing/{name}/", {"q": move.pk}).context["cl"].result_list
        assert [each.pk for each in found] == [row.pk]
        assert not type(row).objects.search("txn_nothing")
    assert {type(row) for row in made.values()} == {Authorization, Transaction, Topup}


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


def fill() -> None:
    """So many rows of each that an index is worth it, and an account that is called like none."""
    known_accounts()
    authorization = rows.authorization(rows.card(rows.cardholder()))
    person = builders.person(Account.objects.get(pk=ACCOUNT), first_name="Ottilie", last_name="Brandvold")
    topup = rows.topup(description="For the fair")
    move = rows.balance_transaction(-5, "topup", source=topup.pk, id="txn_1Sought")
    account = Account.objects.get(pk=OTHER_ACCOUNT)
    for row in (account, person, authorization, rows.transaction(authorization), topup, move):
        columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        texts = {"name": "Jo Doe", "data": {"description": "Rent"}, "source": "tu_other"}
        columns |= {name: text for name, text in texts.items() if name in columns}
        type(row).objects.bulk_create(type(row)(**{**columns, "id": f"{row.pk}x{place}"}) for place in range(3_000))
    with connection.cursor() as cursor:  # what waits to be sorted into them makes them seem slow
        cursor.execute(f"SELECT gin_clean_pending_list(c.oid) FROM ({GIN}) AS c")
    analyze()


filled = once(fill)


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's")
@pytest.mark.parametrize(
    ("model", "words", "index"),
    [
        (Account, "brandvold", "person_words"),
        (Topup, "the fair", "topup_words"),
        *((model, "txn_1Sought", "") for model in (Authorization, Transaction, Topup)),
    ],
)
def test_a_long_table_is_searched_by_indexes(
    filled: None, model: Any, words: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(keyset, "NEAR", 100)
    found = plans_of(partial(keyset.first_found, model.objects, words, personal=True))
    assert [str(plan) for plan in found if plan.scanned & mirrors() or plan.reads > 400] == []
    assert not index or index in {node.index for plan in found for node in plan.nodes}
