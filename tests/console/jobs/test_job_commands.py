"""manage.py job, jobs and export: the same door, person, permission, mask and trail."""

import csv
import io
import stat
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from console.jobs import jobs
from console.jobs.models import Job
from console.record.models import AuditEntry
from tests.console.jobs.made import counting
from tests.issuing import rows
from tests.people import known_accounts, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people() -> None:
    """Who acts, and what there is to export."""
    known_accounts()
    for name in ("sam", "vera", "ana"):
        person(name)
    rows.card(rows.cardholder(name="=Holder", email="jo@kestrel.example"), last4="0001")
    rows.card(rows.cardholder(name="Other"), last4="0002", status="inactive")


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out)
    return out.getvalue()


def refused(status: int, *words: str) -> str:
    with pytest.raises(CommandError) as told:
        run(*words)
    assert told.value.returncode == status, told.value
    return str(told.value)


def test_an_export_is_the_file_of_the_button(tmp_path: Path) -> None:
    out = tmp_path / "holders.csv"
    assert run("export", "cardholders", "--out", str(out), "--as", "vera") == f"{out} 2 rows\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    found = list(csv.DictReader(io.StringIO(out.read_bytes().decode("utf-8-sig"), newline="")))
    assert [(row["Cardholder"], row["E-mail"]) for row in found][-1] == ("'=Holder", "j•••@kestrel.example")
    entry = AuditEntry.objects.get(action="export.made")
    assert (entry.user_name, entry.detail["rows"], entry.detail["personal_data"]) == ("vera", 2, "masked")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["holders.csv"]


def test_a_workbook_narrowed_by_filters(tmp_path: Path) -> None:
    out = tmp_path / "cards.xlsx"
    words = ("export", "issuing.card", "--format", "xlsx", "--filter", "status=inactive", "--out", str(out))
    assert "1 rows" in run(*words, "--as", "sam")
    assert openpyxl.load_workbook(out).active["A2"].value == "•• 0002"


def test_what_an_export_is_refused_for(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    there = tmp_path / "there.csv"
    there.write_text("mine")
    to = ("--out", str(out))
    assert "--as" in refused(2, "export", "cards", *to)
    assert "no list no.such" in refused(2, "export", "no.such", *to, "--as", "sam")
    assert "view_auditentry" in refused(1, "export", "console.auditentry", *to, "--as", "sam")
    assert "no such filter" in refused(2, "export", "cards", "--filter", "email__startswith=a", *to, "--as", "sam")
    assert "NAME=VALUE" in refused(2, "export", "cards", "--filter", "status", *to, "--as", "sam")
    assert "exists" in refused(2, "export", "cards", "--out", str(there), "--as", "sam")
    assert "Nothing was exported" in refused(1, "export", "cards", "--out", "/no/such/folder/x.csv", "--as", "sam")
    assert (there.read_text(), list(tmp_path.iterdir())) == ("mine", [there])
    assert not AuditEntry.objects.filter(action="export.made").exists()


def test_a_job_is_begun_listed_cancelled_and_resumed() -> None:
    job_id = run("job", "export", "--set", "list=issuing.card", "--set", "format=csv", "--as", "sam").strip()
    job = Job.objects.get(pk=job_id)
    assert run("jobs", "--as", "sam") == f"{job_id} waiting 0 sam Cards, CSV\n"
    assert run("jobs", "--as", "vera") == ""
    assert "No job" in refused(2, "jobs", "--cancel", job_id, "--as", "vera")
    assert "No job" in refused(2, "jobs", "--cancel", "x", "--as", "sam")
    run("jobs", "--cancel", job_id, "--as", "ana")
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert "not yours" in refused(1, "jobs", "--resume", job_id, "--as", "ana")
    run("jobs", "--resume", job_id, "--as", "sam")
    jobs.work(job_id)
    assert run("jobs", "--as", "ana") == f"{job_id} succeeded 2/2 sam Cards, CSV\n"


def test_a_job_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("job", "export", "--set", "list=issuing.card", "--set", "format=csv", "--as", "sam", "--wait")
    assert "not over yet" in refused(3, *words, "0.01")

    def worker(seconds: float) -> None:
        jobs.work(str(Job.objects.get(ended_at=None).pk))

    monkeypatch.setattr("console.management.commands.job.time.sleep", worker)
    assert run(*words, "9").splitlines()[1] == "succeeded rows=2"


def test_what_a_job_is_refused_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There are: export" in refused(2, "job", "no_such", "--as", "sam")
    assert "CSV or XLSX" in refused(1, "job", "export", "--set", "list=issuing.card", "--as", "sam")
    with counting():
        monkeypatch.setattr("console.management.commands.job.time.sleep", _work_all)
        words = ("job", "count", "--as", "sam", "--wait", "9")
        with monkeypatch.context() as patched:
            patched.setattr("console.management.commands.job.pairs", lambda _: {"to": 3, "fails_at": 1})
            assert "Failed. It cannot count" in refused(1, *words)


def _work_all(seconds: Any) -> None:
    for job in Job.objects.filter(ended_at=None):
        jobs.work(str(job.pk))


def test_the_command_tells_each_error(people: None) -> None:
    with counting():
        job = jobs.begin("count", user=person("vera"), params={"to": 2, "fails_at": 1})
        jobs.work(str(job.pk))
    said = run("jobs", "--errors", str(job.pk), "--as", "vera")
    assert said.endswith(" UTC It cannot count any further.\n")
    refused(2, "jobs", "--errors", str(job.pk), "--as", "sam")
