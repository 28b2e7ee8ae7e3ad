"""Lists of the record are read by an index, whatever is looked for: a million rows are normal, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model, QuerySet
from django.test import RequestFactory

from console.approvals.models import Approval
from console.mail.models import Mail
from console.operations.models import Operation
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry, WorkSession
from gateway.models import Event
from tests.people import ACCOUNT, person

pytestmark = pytest.mark.django_db
WORDS: dict[type[Model], tuple[str, ...]] = {
    AuditEntry: ("", "sam", "cancel card", "signed in", ACCOUNT, "ic_1", "CS-1", "7"),
    AccessEntry: ("", "sam", ACCOUNT, f"/{ACCOUNT}/issuing/cards", "7"),
    WorkSession: ("", "sam", "blue card", ACCOUNT, "CS-1", "7"),
    Event: ("", "evt_1", "req_1", ACCOUNT, "ic_1", "issuing_card", "account.updated", "console-1"),
    Operation: ("",),
    Mail: ("", "mail_1", "sam", ACCOUNT, "vera@example.com"),
}


def plans(model: type[Model], words: str) -> Iterator[str]:
    """How the database reads the first page of a list, and the page from a row on; a plan a query."""
    own: Any = admin.site._registry[model]
    request = RequestFactory().get("/")
    request.user = person("otto")
    place, key = own.by
    for rows in own.queries(request, model._default_manager.order_by(), words):
        yield plan(rows.order_by(f"-{place}", f"-{key}")[:51])
        cursor = {"created": 5, "number": 5}.get(place, "2026-11-26T00:00:00Z")
        yield plan(rows.filter(**{f"{place}__lte": cursor}).order_by(f"-{place}", f"-{key}")[:51])


def plan(rows: QuerySet) -> str:
    return rows.explain()


@pytest.mark.parametrize(("model", "words"), [(model, each) for model, some in WORDS.items() for each in some])
def test_no_list_of_the_record_reads_its_whole_table(model: type[Model], words: str) -> None:
    person("sam")
    postgres = connection.vendor == "postgresql"
    if postgres:  # with some rows it would rather read them all
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    table = model._meta.db_table
    for found in filter(None, plans(model, words)):  # of nobody there is no query
        whole = f"Seq Scan on {table}" if postgres else f"SCAN {table}"
        lines = [line for line in found.splitlines() if whole in line and " USING " not in line]
        assert lines == [], found
        if words and not postgres:
            assert f"SEARCH {table} USING" in found or "SEARCH U" in found, found


@pytest.mark.parametrize("narrowed", [{"account_id": ACCOUNT}, {"verb": "issuing.cancel_card"}], ids=str)
def test_approvals_of_one_account_or_verb_come_in_their_order_from_an_index(narrowed: dict[str, str]) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")  # which sorts what it found: of few rows it is cheaper
    read = plan(Approval.objects.filter(**narrowed).order_by("-asked_at", "-id")[:51])
    assert f"approval_{'verb' if 'verb' in narrowed else 'account'}" in read, read
    assert "TEMP B-TREE" not in read, read
    assert "Sort" not in read, read


def test_requests_are_found_by_an_index() -> None:
    for model in (Event, Operation):
        found = model._default_manager.filter(request_id="req_1").order_by().explain()
        assert "request" in found or connection.vendor == "postgresql", found
