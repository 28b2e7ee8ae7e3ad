"""Heads of the audit trail, noted outside of it: a cut-off end, a trail made anew, a file that was changed."""

import io
import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from console.mail.models import Mail
from console.record import audit, heads
from console.record.models import AuditEntry
from console.running import worker
from tests.console.record.trail import alter, delete, record

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = os.geteuid() == 0


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> Path:
    settings.AUDIT_HEADS = str(tmp_path / "kept" / "heads")
    return tmp_path / "kept" / "heads"


def verify(*options: str) -> str:
    out = io.StringIO()
    call_command("verify_audit", *options, stdout=out)
    return out.getvalue()


def broken(*options: str) -> str:
    with pytest.raises(CommandError) as failure:
        verify(*options)
    assert failure.value.returncode == 1
    return str(failure.value)


def made_anew(rows: int) -> None:
    """All rows in the trail's own form, without what they told."""
    delete()
    record(rows)


def test_each_verification_notes_the_head_in_a_file_that_nobody_else_reads(file: Path) -> None:
    first = record(2)[-1]
    assert "No head was noted before" in verify()
    second = record(1)[-1]
    assert "still in the trail: 1" in verify()
    assert [(head.number, head.digest) for head in heads.read().heads] == [(2, first.digest), (3, second.digest)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert heads.read().problem == ""


def test_it_lies_below_the_folder_of_an_installation_unless_a_setting_says_where(settings: Any) -> None:
    settings.AUDIT_HEADS = ""
    assert heads.path() == settings.VAR_DIR / "audit-heads"


@pytest.mark.parametrize("left", [0, 1, 4])
def test_an_end_that_was_cut_off_is_found_without_anybody_remembering_a_digest(left: int) -> None:
    record(5)
    verify()
    delete(f"number > {left}")
    assert audit.verify().problem == ""
    assert "broken at row 5: row 5, noted at " in broken()


@pytest.mark.parametrize("rows", [5, 9])
def test_a_trail_made_anew_is_found_and_the_row_is_named(rows: int) -> None:
    record(3)
    verify()
    record(2)
    verify()
    made_anew(rows)
    assert audit.verify().problem == ""
    assert "broken at row 3: row 3 is not the one that was noted at " in broken()


def test_a_trail_made_anew_from_its_middle_is_found_at_the_first_head_behind_it() -> None:
    for _ in range(3):
        record(2)
        verify()
    delete("number > 3")
    record(3)
    assert "broken at row 4: row 4 is not the one" in broken()


def test_a_trail_that_is_broken_is_not_noted(file: Path) -> None:
    record(3)
    verify()
    before = file.read_bytes()
    alter("UPDATE console_auditentry SET reason = 'other' WHERE number = 2")
    assert "row 2 was altered" in broken()
    assert file.read_bytes() == before


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda content: b"".join(change(content.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content[:-20], "line 3 of "),
        (lambda content: content[:-1], "line 3 of "),
        (lambda _: b"", "is empty"),
        (lambda _: b"\xff\xfe", "cannot be read (UnicodeDecodeError)"),
        (lambda content: content + b"nonsense\n", "line 4 of "),
        (lambda content: content + b"9" * 5000, "line 4 of "),
        (lines(lambda each: each[1:]), "line 1 of "),
        (lines(lambda each: [each[0], each[2]]), "line 2 of "),
        (lines(lambda each: [each[1], each[0], each[2]]), "line 1 of "),
        (lambda content: content.replace(b"2 ", b"3 ", 1), "line 1 of "),
    ],
)
def test_a_file_that_was_changed_or_cut_off_is_said_and_left_as_it_is(
    file: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    for _ in range(3):
        record(2)
        verify()
    file.write_bytes(change(file.read_bytes()))
    before = file.read_bytes()
    assert said in broken()
    assert not heads.note_daily(timezone.now() + timedelta(days=2))
    assert file.read_bytes() == before


@pytest.mark.skipif(ROOT, reason="root reads and writes everything")
def test_a_file_that_may_not_be_read_is_said(file: Path) -> None:
    record(2)
    verify()
    file.chmod(0)
    assert "cannot be read (PermissionError)" in broken()


def test_a_file_that_cannot_be_read_or_written_is_said(file: Path, settings: Any) -> None:
    record(2)
    file.mkdir(parents=True)
    assert "cannot be read (IsADirectoryError)" in broken()
    settings.AUDIT_HEADS = "/proc/no/such/folder"
    with pytest.raises(CommandError, match="could not be noted in /proc/no/such/folder") as failure:
        verify()
    assert failure.value.returncode == 2
    assert not heads.note_daily()


def test_the_worker_notes_the_head_once_a_day_and_tells_the_trail(file: Path) -> None:
    record(2)
    assert heads.note_daily()
    assert not heads.note_daily()
    assert heads.note_daily(timezone.now() + timedelta(days=1, seconds=2))
    noted = [head.number for head in heads.read().heads]
    assert noted == list(
        AuditEntry.objects.filter(action=heads.NOTED).order_by("number").values_list("number", flat=True)
    )
    assert noted == [3, 4]
    assert "still in the trail: 2" in verify()


@pytest.mark.parametrize("to", ["", "archive@example.com"])
def test_the_head_is_mailed_where_that_is_wished(settings: Any, to: str) -> None:
    settings.AUDIT_HEAD_MAIL = to
    record(2)
    at = timezone.now()
    assert (heads.note_daily(at), heads.note_daily(at + timedelta(hours=1))) == (True, False)
    row = AuditEntry.objects.get(action=heads.NOTED)
    mailed = list(Mail.objects.values_list("to", "template"))
    assert mailed == ([(to, "audit_head")] if to else [])
    assert all(row.digest in mail.body and f"row {row.number}" in mail.body for mail in Mail.objects.all())


def test_the_worker_does_so(sandbox: object, file: Path) -> None:
    record(1)
    worker.Supervisor().schedule()
    for task in OrmQ.objects.all():
        import_string(task.func())()
    assert len(heads.read().heads) == 1


def test_an_empty_trail_is_not_noted(file: Path) -> None:
    assert not heads.note_daily()
    assert "0 rows, whole" in verify()
    assert not file.exists()


@pytest.mark.parametrize("left", [0, 1])
def test_whole_lines_that_are_gone_show_once_the_trail_knew_of_them(file: Path, left: int) -> None:
    record(2)
    heads.note_daily()
    heads.note_daily(timezone.now() + timedelta(days=2))
    heads.note_daily(timezone.now() + timedelta(days=2))
    kept = file.read_bytes().splitlines(keepends=True)[:left]
    file.write_bytes(b"".join(kept)) if kept else file.unlink()
    assert "row 5 of the trail says that it held 2" in broken()
    assert not heads.note_daily(timezone.now() + timedelta(days=9))


def test_another_file_in_its_place_shows(file: Path) -> None:
    record(2)
    verify()
    heads.note_daily(timezone.now() + timedelta(days=2))
    file.unlink()
    for number, digest in AuditEntry.objects.order_by("number").values_list("number", "digest"):
        heads.append(number, digest)
    assert "is another than the one that row 3 of the trail tells of" in broken()


def test_a_new_file_is_begun_in_so_many_words_and_the_trail_keeps_that(file: Path) -> None:
    record(2)
    heads.note_daily()
    assert "Move it to a safe place" in broken("--new-heads")
    file.unlink()
    assert "is missing" in broken()
    verify("--new-heads")
    assert "still in the trail: 1" in verify()
    assert AuditEntry.objects.filter(action=heads.NOTED).count() == 2
