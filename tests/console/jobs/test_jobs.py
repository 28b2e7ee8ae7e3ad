"""The life of a job: worked off once, in committed steps; paused, cancelled, resumed, begun again after a crash."""

import importlib
import os
import stat
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from console.jobs import errors, files, jobs
from console.jobs.kinds import JobFailed
from console.jobs.models import Job
from console.jobs.progress import Lost, Progress
from console.people.models import User
from console.record.models import AuditEntry
from gateway import claims, sweep
from tests.console.jobs.made import counting, exported
from tests.issuing import rows
from tests.people import known_accounts, person

pytestmark = pytest.mark.django_db
State = Job.State


@pytest.fixture
def counted() -> Iterator[list[int]]:
    """The numbers that jobs of the kind `count` have counted."""
    with counting() as seen:
        yield seen


def begun(**params: Any) -> Job:
    return jobs.begin("count", user=person("otto"), params={"to": 5, **params})


def turn(job: Job) -> Job:
    """One turn of the worker, now."""
    Job.objects.filter(pk=job.pk, claimed_by="").update(next_try_at=None)
    jobs.work(str(job.pk))
    job.refresh_from_db()
    return job


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def test_a_job_is_worked_off_and_the_trail_keeps_it(counted: list[int]) -> None:
    job = turn(begun())
    assert (job.state, job.done, job.total, job.figures) == (State.SUCCEEDED, 5, 5, {"last": 5})
    assert (job.claimed_by, job.claimed_until, job.error) == ("", None, "")
    assert counted == [0, 1, 2, 3, 4]
    assert actions() == ["job.begun", "job.succeeded"]
    assert AuditEntry.objects.first().subject == str(job.pk)  # type: ignore[union-attr]
    turn(job)
    assert counted == [0, 1, 2, 3, 4], "what has ended is not done again"


def test_the_worker_is_asked_for_it_at_once_with_a_time_of_its_own(counted: list[int]) -> None:
    job = begun()
    assert job.claimed_by in ("", sweep.QUEUED)
    assert Job.objects.held(sweep.QUEUED).filter(pk=job.pk).exists()
    assert Job.task_seconds > 60


def test_the_same_job_is_begun_once_until_it_has_ended(counted: list[int]) -> None:
    first, again, other = begun(), begun(), begun(to=6)
    assert first.pk == again.pk != other.pk
    theirs = jobs.begin("count", user=person("sam"), params={"to": 5})
    assert theirs.pk != first.pk
    turn(first)
    assert begun().pk != first.pk


def test_who_may_not_begins_none(counted: list[int]) -> None:
    nobody = User.objects.create(username="lou", is_staff=True)
    with pytest.raises(JobFailed, match="permission"):
        jobs.begin("count", user=nobody, params={})
    with pytest.raises(KeyError):
        jobs.begin("no_such", user=person("otto"), params={})
    assert not Job.objects.exists()


def test_a_turn_that_is_over_gives_way_and_goes_on_where_it_was(counted: list[int], settings: Any) -> None:
    settings.JOB_TURN = -1
    job = begun(to=3)
    for done in (1, 2, 3):
        turn(job)
        assert (job.done, job.state, job.attempts) == (done, State.RUNNING, 0)
        assert Job.objects.held(sweep.QUEUED).filter(pk=job.pk).exists(), "it is handed on at once"
    assert turn(job).state == State.SUCCEEDED
    assert counted == [0, 1, 2], "nothing twice"


def test_a_process_that_dies_leaves_what_another_goes_on_with(counted: list[int]) -> None:
    job = begun()
    dead = f"{claims._here()}:999999#x"
    left = {"claimed_by": dead, "claimed_until": timezone.now() + timedelta(hours=1), "state": State.RUNNING}
    Job.objects.filter(pk=job.pk).update(**left, kept={"at": 3}, done=3, attempts=1)
    jobs.work(str(job.pk))
    assert counted == [], "a claim that has not run out is not taken"
    assert sweep.over(Job) == 1
    assert turn(job).state == State.SUCCEEDED
    assert counted == [3, 4]


def test_what_kills_its_process_again_and_again_is_failed(counted: list[int]) -> None:
    job = begun()
    Job.objects.filter(pk=job.pk).update(attempts=claims.CRASHES)
    assert turn(job).state == State.FAILED
    assert "its process ended" in job.error
    assert counted == []


def test_a_bug_is_tried_again_then_told_without_its_words(counted: list[int], caplog: Any) -> None:
    job = begun(raises_at=2)
    for tries in range(1, claims.CRASHES + 1):
        turn(job)
        assert (job.state == State.FAILED) is (tries == claims.CRASHES)
    assert (job.done, "ValueError" in job.error, "secret" in job.error + caplog.text) == (2, True, False)
    assert actions()[-1] == "job.failed"


def test_a_sentence_is_told_at_once_and_resuming_goes_on(counted: list[int]) -> None:
    job = turn(begun(fails_at=2))
    assert (job.state, job.error, job.done) == (State.FAILED, "It cannot count any further.", 2)
    Job.objects.filter(pk=job.pk).update(params={"to": 5})
    assert jobs.resume(job, user=person("otto"))
    assert not jobs.resume(job, user=person("otto")), "once"
    assert turn(job).state == State.SUCCEEDED
    assert counted == [0, 1, 2, 3, 4]
    assert actions() == ["job.begun", "job.failed", "job.resumed", "job.succeeded"]


def test_each_error_stays_with_its_moment_whatever_comes_later(counted: list[int]) -> None:
    job, otto = turn(begun(fails_at=1)), person("otto")
    Job.objects.filter(pk=job.pk).update(params={"to": 3, "raises_at": 2})
    jobs.resume(job, user=otto)
    turn(job)
    assert (job.state, job.error) == (State.RUNNING, "")
    Job.objects.filter(pk=job.pk).update(params={"to": 3})
    assert turn(job).state == State.SUCCEEDED
    first, second = (each["error"] for each in job.errors)
    assert first == "It cannot count any further."
    assert second == "A try came to nothing (ValueError). It is tried again by itself."
    assert sorted(job.errors, key=lambda each: each["at"]) == job.errors


def test_of_many_errors_the_first_and_the_newest_stay(counted: list[int]) -> None:
    job = turn(begun(fails_at=0))
    for _ in range(errors.MOST + 3):
        jobs.resume(job, user=person("otto"))
        turn(job)
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(errors=errors.with_one(job.pk, "The newest."))
    first = job.errors[0]
    job.refresh_from_db()
    assert job.errors[0] == first
    assert len(job.errors) == errors.MOST
    assert job.errors[-1]["error"] == "The newest."


def test_jobs_of_before_know_their_last_error_when_the_database_is_brought_up_to_date(counted: list[int]) -> None:
    job = turn(begun(fails_at=0))
    Job.objects.update(errors=[])
    migration = importlib.import_module("console.migrations.0019_job_errors")
    migration.fill(apps, SimpleNamespace(connection=connection))
    job.refresh_from_db()
    assert [each["error"] for each in job.errors] == ["It cannot count any further."]


def test_a_job_that_waits_is_cancelled_at_once(counted: list[int]) -> None:
    job = begun()
    assert jobs.cancel(job, user=person("ana"))
    job.refresh_from_db()
    assert (job.state, job.cancel_asked_by) == (State.CANCELLED, person("ana"))
    assert not jobs.cancel(job, user=person("ana"))
    turn(job)
    assert counted == []
    assert actions() == ["job.begun", "job.cancelled"]


def test_a_job_in_work_ends_before_its_next_step(counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    step = Progress.step

    def cancelled_meanwhile(self: Progress, done: int, *args: Any, **kept: Any) -> None:
        if done == 2:
            assert jobs.cancel(self.job, user=person("ana"))
            assert Job.objects.get(pk=self.job.pk).state == State.RUNNING
        step(self, done, *args, **kept)

    monkeypatch.setattr(Progress, "step", cancelled_meanwhile)
    job = turn(begun())
    assert (job.state, job.done, job.kept) == (State.CANCELLED, 2, {"at": 2})
    assert AuditEntry.objects.get(action="job.cancelled").user == person("ana")
    monkeypatch.undo()
    assert jobs.resume(job, user=person("otto"))
    assert turn(job).state == State.SUCCEEDED
    assert counted == [0, 1, 2, 3, 4]


def test_whoever_lost_the_claim_writes_nothing_more(counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    step = Progress.step

    def taken_over(self: Progress, done: int, *args: Any, **kept: Any) -> None:
        if done == 2:
            Job.objects.filter(pk=self.job.pk).update(claimed_by="another:-:1", attempts=7)
        step(self, done, *args, **kept)

    monkeypatch.setattr(Progress, "step", taken_over)
    job = turn(begun())
    assert (job.state, job.done, job.claimed_by, job.attempts) == (State.RUNNING, 1, "another:-:1", 7)


def test_a_step_renews_the_claim_and_a_beat_too(counted: list[int], settings: Any) -> None:
    job = begun()
    by = claims.claim_name()
    soon = timezone.now() + timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(claimed_by=by, claimed_until=soon, state=State.RUNNING)
    job.refresh_from_db()
    progress = Progress(job)
    progress.beat(3)
    job.refresh_from_db()
    assert (job.done, job.claimed_until) == (0, soon), "at most once a second"
    progress.beaten = time.monotonic() - 2
    progress.beat(3)
    job.refresh_from_db()
    assert (job.done, job.kept) == (3, {})
    assert job.claimed_until
    assert job.claimed_until > soon
    Job.objects.filter(pk=job.pk).update(ended_at=timezone.now())
    with pytest.raises(Lost):
        progress.step(4)


def test_one_job_at_a_time(counted: list[int]) -> None:
    first, second = begun(), begun(to=6)
    in_work = {"claimed_by": claims.claim_name(), "claimed_until": timezone.now() + timedelta(minutes=1)}
    Job.objects.filter(pk=first.pk).update(**in_work, state=State.RUNNING)
    turn(second)
    assert (second.state, second.attempts, counted) == (State.WAITING, 0, [])
    assert second.next_try_at
    assert second.next_try_at > timezone.now()


def test_who_left_or_lost_the_permission_runs_nothing(counted: list[int]) -> None:
    job = begun()
    User.objects.filter(username="otto").update(is_active=False)
    assert turn(job).state == State.FAILED
    assert "otto may not do this any more" in job.error
    assert counted == []


def test_a_kind_that_is_no_more_is_told() -> None:
    with counting():
        job = begun()
    assert turn(job).state == State.FAILED
    assert "does not know such work (count)" in job.error


def test_files_are_for_their_owner_alone() -> None:
    known_accounts()
    path = files.path_of(exported(person("sam")).pk)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_processes_never_write_one_file() -> None:
    job_id = uuid.uuid4()
    with files.writing(job_id), pytest.raises(files.Busy), files.writing(job_id):
        pass


def test_a_file_that_another_still_writes_is_waited_for() -> None:
    known_accounts()
    job = jobs.begin("export", user=person("sam"), params={"list": "issuing.card", "format": "csv"})
    with files.writing(job.pk):
        turn(job)
    assert (job.state, job.attempts) == (State.RUNNING, 0)
    assert turn(job).state == State.SUCCEEDED


def test_files_are_removed_after_their_days(settings: Any) -> None:
    known_accounts()
    job, kept = exported(person("sam")), exported(person("ana"))
    left, half = files.folder() / "tmpleft", files.folder() / str(uuid.uuid4())
    left.mkdir()
    half.write_bytes(b"half")
    long_ago = time.time() - (settings.JOB_FILE_DAYS + 1) * 86_400
    for path in (files.path_of(job.pk), files.path_of(kept.pk), left, half):
        os.utime(path, (long_ago, long_ago))
    Job.objects.filter(pk=job.pk).update(file_until=timezone.now())
    jobs.remove_old_files()
    jobs.remove_old_files()
    job.refresh_from_db()
    assert (job.file_name, job.file_until, job.state) == ("", None, State.SUCCEEDED)
    assert [path.exists() for path in (files.path_of(job.pk), files.path_of(kept.pk), left, half)] == [
        False,
        True,
        False,
        False,
    ]
    assert actions().count("job.file_removed") == 1


def test_what_is_half_written_stays_while_its_job_may_go_on() -> None:
    known_accounts()
    job = jobs.begin("export", user=person("sam"), params={"list": "issuing.card", "format": "csv"})
    path = files.path_of(job.pk)
    path.write_bytes(b"half")
    os.utime(path, (0, 0))
    jobs.remove_old_files()
    assert path.exists()


def test_a_csv_goes_on_from_its_last_part(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known_accounts()
    rows.many(7)
    whole = files.path_of(exported(person("ana")).pk).read_bytes()
    monkeypatch.setattr("console.lists.exports_rows.PART", 2)
    settings.JOB_TURN = -1
    job = jobs.begin("export", user=person("sam"), params={"list": "issuing.card", "format": "csv"})
    turn(job)
    assert (job.state, job.done, job.total) == (State.RUNNING, 2, 7)
    path = files.path_of(job.pk)
    path.write_bytes(path.read_bytes() + b'"a part that was written and never kept')
    while not turn(job).ended:
        pass
    assert (job.state, job.done, path.read_bytes()) == (State.SUCCEEDED, 7, whole)
    assert AuditEntry.objects.filter(action="export.made", user=person("sam")).get().detail["rows"] == 7


def test_a_file_that_was_lost_meanwhile_is_begun_again(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known_accounts()
    rows.many(5)
    monkeypatch.setattr("console.lists.exports_rows.PART", 2)
    settings.JOB_TURN = -1
    job = turn(jobs.begin("export", user=person("sam"), params={"list": "issuing.card", "format": "csv"}))
    files.remove(job.pk)
    settings.JOB_TURN = 60
    assert turn(job).state == State.SUCCEEDED
    assert files.path_of(job.pk).read_bytes().count(b"\r\n") == 6


def test_rights_that_changed_since_end_an_export() -> None:
    known_accounts()
    job = jobs.begin("export", user=person("sam"), params={"list": "issuing.cardholder", "format": "csv"})
    person("sam").groups.set([person("vera").groups.get()])
    assert turn(job).state == State.FAILED
    assert "What you may see has changed" in job.error


def test_more_rows_than_a_sheet_holds_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    known_accounts()
    rows.many(3)
    monkeypatch.setattr("console.lists.exports.MOST_IN_SHEET", 2)
    job = turn(jobs.begin("export", user=person("sam"), params={"list": "issuing.card", "format": "xlsx"}))
    assert (job.state, "export it as CSV" in job.error) == (State.FAILED, True)
    assert [path for path in files.folder().iterdir() if path.is_dir()] == []


def test_what_cannot_be_exported_is_no_job() -> None:
    for params in (
        {"list": "issuing.card", "format": "pdf"},
        {"list": "no.such", "format": "csv"},
        {"list": "console.auditentry", "format": "csv"},
        {"list": "issuing.card", "format": "csv", "query": "email__startswith=a"},
        {"list": "console.operation", "format": "csv", "account": "acct_1"},
        {},
    ):
        with pytest.raises(JobFailed):
            jobs.begin("export", user=person("sam"), params=params)
