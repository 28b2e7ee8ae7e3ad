"""The rules of what may be recorded, and the ledger that events and readings write."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.history.models import ObjectChange
from accounts.terms import forms as terms_forms
from accounts.terms import models as terms_models
from accounts.terms.models import Acceptance
from console.record import audit
from gateway import clock
from tests.accounts.builders import account
from tests.people import person

pytestmark = pytest.mark.django_db
triggers = import_module("accounts.migrations.0003_terms_append_only")
shell = import_module("console.migrations.0002_append_only")
FIRST = datetime(2026, 10, 1, 9, tzinfo=UTC)
SIGNED = {"date": int(FIRST.timestamp()), "ip": "81.2.69.142", "user_agent": "Firefox"}
NOTHING = {"date": None, "ip": None}


def with_terms(issuing: dict[str, Any], services: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"settings": {"card_issuing": {"tos_acceptance": issuing}}, "tos_acceptance": services or NOTHING}


def change(old: Any, new: Any, source_id: str = "evt_1", source: str = "event") -> ObjectChange:
    return ObjectChange("acct_1Kestrel", old, new, FIRST + timedelta(days=29), source, source_id)


@pytest.mark.parametrize(
    "ip",
    [
        "10.1.2.3",
        "192.168.0.9",
        "127.0.0.1",
        "0.0.0.0",
        "169.254.1.1",
        "100.64.0.1",
        "203.0.113.7",
        "198.51.100.4",
        "192.0.2.1",
        "224.0.0.5",
        "240.0.0.1",
        "255.255.255.255",
        "192.88.99.1",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff0e::1",
        "2001:db8::1",
        "3fff::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_address_of_nobody_is_refused(ip: str) -> None:
    assert terms_forms.address_objection(ip)


@pytest.mark.parametrize("ip", ["81.2.69.142", "8.8.8.8", "2a02:1210::1", "::ffff:81.2.69.142"])
def test_public_address_is_taken(ip: str) -> None:
    assert terms_forms.address_objection(ip) == ""


def test_address_of_the_request_or_of_a_recent_sign_in_is_staffs() -> None:
    audit_row(person("otto"), "81.2.69.150")
    assert terms_forms.is_staffs("81.2.69.142", "81.2.69.142")
    assert terms_forms.is_staffs("81.2.69.142", "::ffff:81.2.69.142")
    assert terms_forms.is_staffs("81.2.69.150")
    assert not terms_forms.is_staffs("81.2.69.151", "81.2.69.142")


def test_all_addresses_of_one_ipv6_line_are_staffs() -> None:
    audit_row(person("otto"), "2a02:1210:40:9::17")
    assert terms_forms.is_staffs("2a02:1210:40:9:8c3:aa:1:2")
    assert terms_forms.is_staffs("2a02:1210:40:7::1", "2a02:1210:40:7::2")
    assert not terms_forms.is_staffs("2a02:1210:40:8::17")


def audit_row(user: Any, address: str) -> None:
    with transaction.atomic():
        audit.record("sign_in.succeeded", user=user, detail={"address": address})


def test_date_must_lie_between_the_account_and_now() -> None:
    row = account(created=int(FIRST.timestamp()))
    assert "future" in terms_forms.date_objection(row, ["issuing"], clock.now() + timedelta(seconds=5))
    assert "created" in terms_forms.date_objection(row, ["issuing"], FIRST - timedelta(seconds=1))
    assert terms_forms.date_objection(row, ["issuing"], FIRST) == ""


def test_what_stands_already_is_not_recorded_twice() -> None:
    row = account(created=1, **with_terms(SIGNED))
    assert "already recorded" in terms_forms.date_objection(row, ["issuing"], FIRST)
    assert terms_forms.date_objection(row, ["services"], FIRST) == ""


def test_acceptance_and_clearing_are_written_once_each() -> None:
    for _ in range(2):
        terms_models.witness(change(None, with_terms(SIGNED)))
        terms_models.witness(change(with_terms(SIGNED), with_terms(NOTHING), "evt_2"))
        terms_models.witness(change(with_terms(SIGNED), with_terms(NOTHING), "sync:acct_1Kestrel:4", "sync"))
    rows = list(Acceptance.objects.of("acct_1Kestrel"))
    assert [(row.kind, row.agreement, row.source_id) for row in rows] == [
        ("accepted", "issuing", "evt_1"),
        ("cleared", "issuing", "evt_2"),
    ]
    assert {(row.accepted_at, row.ip, row.user_agent) for row in rows} == {(FIRST, "81.2.69.142", "Firefox")}


def test_only_a_later_acceptance_follows_a_clearing() -> None:
    row = account(created=1, **with_terms(NOTHING))
    terms_models.witness(change(with_terms(SIGNED), with_terms(NOTHING)))
    cleared = FIRST + timedelta(days=29)
    assert "cleared" in terms_forms.date_objection(row, ["issuing"], cleared)
    assert terms_forms.date_objection(row, ["issuing"], cleared + timedelta(seconds=1)) == ""
    assert terms_forms.date_objection(row, ["services"], cleared) == ""


def test_account_that_is_gone_or_unchanged_tells_nothing() -> None:
    terms_models.witness(change(with_terms(SIGNED), with_terms(SIGNED)))
    terms_models.witness(ObjectChange("acct_1Kestrel", with_terms(SIGNED), {}, FIRST, "event", "evt_1", ended=True))
    assert not Acceptance.objects.exists()


def test_ledger_can_only_be_added_to() -> None:
    terms_models.witness(change(None, with_terms(SIGNED)))
    row = Acceptance.objects.get()
    for act in (row.save, row.delete, Acceptance.objects.all().delete, lambda: Acceptance.objects.update(ip="")):
        with pytest.raises(TypeError, match="append-only"):
            act()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "act",
    [
        "UPDATE accounts_acceptance SET ip = ''",
        "DELETE FROM accounts_acceptance",
        "REPLACE INTO accounts_acceptance SELECT * FROM accounts_acceptance",
    ],
)
def test_below_the_orm_too(act: str) -> None:
    if connection.vendor != "sqlite" and act.startswith("REPLACE"):
        pytest.skip("SQLite's own word")
    terms_models.witness(change(None, with_terms(SIGNED)))
    with connection.schema_editor() as editor:
        shell.protect(None, editor)  # PostgreSQL's function is the console's
        triggers.protect(None, editor)
    try:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)
    finally:
        with connection.schema_editor() as editor:
            triggers.unprotect(None, editor)
            shell.unprotect(None, editor)
    assert Acceptance.objects.count() == 1


def test_window_is_29_days_in_live_mode_and_an_hour_elsewhere(settings: Any) -> None:
    assert terms_models.window_words() == "one hour"
    settings.CONSOLE_MODE = "live"
    assert terms_models.window_words() == "29 days"


def test_services_agreement_stands_beside_the_issuing_terms() -> None:
    signed = {"date": 5, "ip": "81.2.69.142"}
    assert terms_models.params(["services"], signed) == {"tos_acceptance": signed}
    assert terms_models.params(["issuing", "services"], signed) == with_terms(signed, signed)
