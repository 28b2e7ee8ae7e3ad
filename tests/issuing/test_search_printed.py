"""Every text with a copy button, on every page, is found by the box above it."""

import html
import re
import uuid

import pytest
from django.utils import timezone

from accounts.account.pages import TABS
from console.operations.models import Operation
from console.record.models import AuditEntry
from gateway.models import Event
from issuing.authorizations.models import Authorization
from issuing.transactions.models import Transaction
from tests.issuing import rows
from tests.keeping import once
from tests.people import ACCOUNT, browser, work
from tests.permissions import TABLE
from tests.world import made as made_world

pytestmark = pytest.mark.django_db
COPIED = re.compile(r'data-copy="([^"]*)"')
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


def test_a_work_sessions_number_is_found_by_who_may_see_sessions(made: dict[str, str]) -> None:
    for who, may in (("otto", True), ("ana", True), ("sam", False), ("vera", False)):
        assert ("Work sessions" in titles(who, made["work_session"])) == may


def test_a_row_of_the_trail_is_found_by_its_digest(made: dict[str, str]) -> None:
    row = AuditEntry.objects.get(pk=made["audit_entry"])
    assert titles("otto", row.digest) == {"Audit"}
    assert titles("vera", row.digest) == set()
