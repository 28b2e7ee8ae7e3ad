import io
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from console.people.models import User
from console.record import audit
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry, WorkSession
from tests.console.record.trail import alter, delete, record

triggers = [import_module(f"console.migrations.{name}") for name in ("0002_append_only", "0013_erasable")]


@pytest.fixture
def protected(db: None) -> Iterator[None]:
    """The tables as they are in production."""
    with connection.cursor() as cursor:
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        for each in triggers:
            each.protect(None, editor)
        yield
        for each in reversed(triggers):
            each.unprotect(None, editor)


@pytest.mark.django_db
def test_numbers_follow_each_other_and_each_row_holds_the_digest_before() -> None:
    first, second, third = record(3)
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert first.previous_digest == audit.START
    assert (second.previous_digest, third.previous_digest) == (first.digest, second.digest)


@pytest.mark.django_db
def test_a_row_tells_who_what_and_why() -> None:
    ana = User.objects.create_user("ana")
    with transaction.atomic():
        made = audit.record(
            "test.done", user=ana, account_id="acct_1", account_name="n" * 300, reason="Because", ticket="T-1",
            detail={"amount": 1.5, "at": timezone.now(), "list": [1, None, "ü"]},
        )  # fmt: skip
    row = AuditEntry.objects.get(pk=made.pk)
    assert (row.user_name, row.account_id, len(row.account_name), row.reason, row.ticket) == (
        "ana", "acct_1", 255, "Because", "T-1",
    )  # fmt: skip
    assert row.detail["amount"] == "1.5"
    assert audit.verify().problem == ""


@pytest.mark.django_db
def test_a_whole_chain_is_whole() -> None:
    rows = record(5)
    verdict = audit.verify()
    assert (verdict.rows, verdict.digest, verdict.problem) == (5, rows[-1].digest, "")


@pytest.mark.django_db
def test_an_empty_chain_is_whole() -> None:
    assert audit.verify() == audit.Verdict(0, 0, audit.START)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("action", "other"), ("reason", "other"), ("user_name", "eve"), ("account_id", "acct_2")),
        *(("detail", '{"verb": "x"}'), ("form", 1), ("personal_digest", "0" * 64)),
    ],
)
def test_an_altered_row_is_named(column: str, value: object) -> None:
    record(5)
    alter(f"UPDATE console_auditentry SET {column} = %s WHERE number = 3", value)
    verdict = audit.verify()
    assert (verdict.number, verdict.problem) == (3, "row 3 was altered")


@pytest.mark.django_db
def test_a_missing_row_is_named() -> None:
    record(5)
    delete("number = 3")
    assert audit.verify().problem == "row 3 is missing"


@pytest.mark.django_db
def test_rows_that_changed_places_are_named() -> None:
    record(5)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        alter("UPDATE console_auditentry SET number = %s WHERE number = %s", new, old)
    assert audit.verify().number == 2


@pytest.mark.django_db
def test_a_row_rewritten_with_its_digest_breaks_the_next_one() -> None:
    rows = record(5)
    values = [getattr(rows[2], name) for name in audit.COLUMNS]
    values[audit.COLUMNS.index("plain_reason")] = "other"
    forged = audit.digest(rows[2].previous_digest, tuple(values), rows[2].form, rows[2].personal_digest)
    alter("UPDATE console_auditentry SET reason = 'other', digest = %s WHERE number = 3", forged)
    assert audit.verify().number == 4


@pytest.mark.django_db
def test_a_cut_off_end_shows_against_a_digest_kept_elsewhere() -> None:
    rows = record(5)
    delete("number > 3")
    assert audit.verify().problem == ""
    assert "cut off" in audit.verify(rows[-1].digest).problem
    assert audit.verify(rows[1].digest).problem == ""


@pytest.mark.django_db(transaction=True)
def test_a_record_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(audit.NoTransaction):
        audit.record("test.done")
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_record_leaves_no_gap() -> None:
    record()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _ = audit.record("test.undone").number / 0
    assert record()[0].number == 2


@pytest.mark.django_db
def test_rows_cannot_be_changed_through_models() -> None:
    row = record()[0]
    for change in (
        row.save,
        row.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(action="x"),
    ):
        with pytest.raises(TypeError):
            change()
    with pytest.raises(TypeError):
        AuditEntry.objects.bulk_update([row], ["action"])


COLUMNS = {"console_auditentry": "account_id", "console_auditpersonal": "reason", "console_accessentry": "account_id"}
STATEMENTS = ["UPDATE {} SET {column} = 'x'", "DELETE FROM {}"]
SQLITE_ONLY = ["INSERT OR REPLACE INTO {0} SELECT * FROM {0}"]
POSTGRES_ONLY = ["TRUNCATE {} CASCADE"]


@pytest.mark.usefixtures("protected")
@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("statement", STATEMENTS + SQLITE_ONLY + POSTGRES_ONLY)
def test_the_database_refuses_to_change_rows(table: str, statement: str) -> None:
    foreign = POSTGRES_ONLY if connection.vendor == "sqlite" else SQLITE_ONLY
    if statement in foreign:
        pytest.skip("the other database's statement")
    record(2)
    ana = User.objects.create_user("ana")
    session = WorkSession.objects.create(user=ana, account_id="acct_1", category="routine", reason="Looking")
    AccessEntry.objects.create(work_session=session, user=ana, account_id="acct_1", path="/")
    connection.check_constraints()  # nothing is left pending that would refuse first
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        alter(statement.format(table, column=COLUMNS[table]))
    assert audit.verify().rows == 2


@pytest.mark.usefixtures("protected")
def test_protected_tables_still_take_new_rows() -> None:
    record(3)
    assert audit.verify().rows == 3


@pytest.mark.django_db
def test_the_command_prints_the_digest_to_keep() -> None:
    rows = record(2)
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert out.getvalue().startswith("2 rows, whole, last at ")
    assert rows[-1].digest in out.getvalue()
    call_command("verify_audit", "--expect", rows[0].digest, stdout=out)


@pytest.mark.django_db
def test_the_command_fails_with_the_first_broken_row() -> None:
    record(4)
    delete("number = 2")
    with pytest.raises(CommandError, match="row 2: row 2 is missing") as failure:
        call_command("verify_audit")
    assert failure.value.returncode == 1
