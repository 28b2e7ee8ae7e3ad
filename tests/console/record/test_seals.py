"""The seal of an ended work session is verified: entries that are missing, changed or added are found and named."""

import tracemalloc
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from console.people.models import User
from console.record import seals
from console.record.models import AuditEntry
from console.viewing import sessions
from console.viewing.models import AccessEntry, WorkSession

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("sam")


def opened(user: User, pages: int) -> WorkSession:
    session = WorkSession.objects.create(user=user, account_id="acct_1", category="routine", reason="Looking at it")
    AccessEntry.objects.bulk_create(
        AccessEntry(work_session=session, user=user, account_id="acct_1", path=f"/acct_1/{each}")
        for each in range(pages)
    )
    return session


def ended(user: User, pages: int = 3) -> tuple[WorkSession, list[int]]:
    """A session that ended as sessions do, and the ids of its entries."""
    session = opened(user, pages)
    sessions.end(session, WorkSession.End.CLICK)
    return session, list(session.accesses.order_by("pk").values_list("pk", flat=True))


def alter(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def problems() -> list[str]:
    return list(seals.problems(seals.recorded()))


def test_what_is_as_it_was_sealed_is_whole(user: User) -> None:
    ended(user, 0)
    ended(user, 4)
    ended(user, seals.MARKED + 5)
    opened(user, 2)
    assert problems() == []


STRANGER = "another person or account than its own: access entry {}"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM console_accessentry WHERE id = %s", "missing: access entry {}"),
        ("UPDATE console_accessentry SET path = '/x' WHERE id = %s", "changed: access entry {}"),
        ("UPDATE console_accessentry SET kind = 'refused' WHERE id = %s", "changed: access entry {}"),
        ("UPDATE console_accessentry SET at = '2026-01-01 00:00:00+00:00' WHERE id = %s", "changed: access entry {}"),
        ("UPDATE console_accessentry SET account_id = 'acct_2' WHERE id = %s", STRANGER),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_that_is_not_as_it_was_is_named(user: User, sql: str, said: str, place: int) -> None:
    ended(user)
    session, ids = ended(user)
    ended(user)
    alter(sql, ids[place])
    (found,) = problems()
    assert found.startswith(f"work session {session.pk}: {said.format(ids[place])}")


def test_an_entry_of_another_person_is_named(user: User) -> None:
    _, ids = ended(user)
    alter("UPDATE console_accessentry SET user_id = %s WHERE id = %s", User.objects.create_user("eve").pk, ids[1])
    assert f"another person or account than its own: access entry {ids[1]}" in problems()[0]


def test_an_added_entry_is_named(user: User) -> None:
    session, _ = ended(user)
    added = AccessEntry.objects.create(work_session=session, user=user, account_id="acct_1", path="/acct_1/9")
    assert problems() == [
        f"work session {session.pk}: added after the seal: access entry {added.pk} (4 access entries, sealed were 3)"
    ]


def test_an_entry_moved_to_another_session_is_missing_here_and_added_there(user: User) -> None:
    _, ids = ended(user)
    other, _ = ended(user)
    alter("UPDATE console_accessentry SET work_session_id = %s WHERE id = %s", other.pk, ids[0])
    assert [f"missing: access entry {ids[0]} " in each for each in problems()] == [True, False]
    assert f"added after the seal: access entry {ids[0]} " in problems()[1]


def test_all_entries_gone_is_found(user: User) -> None:
    session, ids = ended(user)
    alter("DELETE FROM console_accessentry WHERE work_session_id = %s", session.pk)
    assert f"missing: access entry {', '.join(map(str, ids))} (0 access entries, sealed were 3)" in problems()[0]


def test_a_long_session_says_how_many(user: User) -> None:
    session, ids = ended(user, seals.MARKED + 5)
    alter("DELETE FROM console_accessentry WHERE id = %s", ids[50])
    assert problems()[0].endswith("(204 access entries, sealed were 205)")
    assert f"work session {session.pk}:" in problems()[0]


def test_a_session_that_ended_without_a_seal_is_found(user: User) -> None:
    session = opened(user, 1)
    WorkSession.objects.filter(pk=session.pk).update(ended_at=timezone.now(), end="click")
    assert problems()[0].startswith(f"work session {session.pk} (acct_1) ended at ")
    assert problems()[0].endswith("without a seal")


def test_a_seal_without_its_session_is_found(user: User) -> None:
    session, _ = ended(user, 0)
    alter("DELETE FROM console_worksession WHERE id = %s", session.pk)
    assert problems()[0].startswith(f"work session {session.pk} is missing")


def test_a_sealed_session_that_was_opened_again_is_found(user: User) -> None:
    session, _ = ended(user)
    WorkSession.objects.filter(pk=session.pk).update(ended_at=None)
    assert problems() == [f"work session {session.pk} (acct_1) is open although its end was sealed"]


def test_a_seal_of_before_there_were_marks_is_still_verified(user: User) -> None:
    session, ids = ended(user)
    entry = AuditEntry.objects.get(action=seals.SEALED)
    entry.plain_detail.pop("marks")
    field = AuditEntry._meta.get_field("plain_detail")
    AuditEntry.objects.filter(pk=entry.pk)._update([(field, None, entry.plain_detail)])
    assert problems() == []
    alter("DELETE FROM console_accessentry WHERE id = %s", ids[0])
    assert f"work session {session.pk}: access entries are missing, changed or added" in problems()[0]


def test_the_command_fails_with_what_was_found(user: User) -> None:
    _, ids = ended(user)
    call_command("verify_audit", verbosity=0)
    alter("DELETE FROM console_accessentry WHERE id = %s", ids[0])
    with pytest.raises(CommandError, match=f"missing: access entry {ids[0]}") as failure:
        call_command("verify_audit")
    assert failure.value.returncode == 1


def test_many_entries_cost_no_memory(user: User) -> None:
    session = opened(user, 10_000)
    sessions.end(session, WorkSession.End.CLICK)
    tracemalloc.start()
    assert problems() == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20
