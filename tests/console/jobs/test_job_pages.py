"""The page of a job, its file, the list of jobs, what stands on home; for whom."""

import uuid
from typing import Any

import pytest
from django.test import Client

from console.jobs import files, jobs
from console.jobs.kinds import JobFailed
from console.jobs.models import Job
from console.people.models import User
from console.record.models import AuditEntry
from console.viewing import sessions
from tests.answers import check_page
from tests.console.jobs.made import counting, exported
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
State = Job.State


@pytest.fixture
def job() -> Job:
    """An export of sam's that is done."""
    known_accounts()
    rows.many(3)
    return exported(person("sam"))


def page(client: Client, job: Job, **posted: str) -> Any:
    return client.post(f"/jobs/{job.pk}", posted) if posted else client.get(f"/jobs/{job.pk}")


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_page_tells_how_far_a_job_is_without_javascript() -> None:
    with counting():
        job = jobs.begin("count", user=person("sam"), params={"to": 2_000})
        Job.objects.filter(pk=job.pk).update(state=State.RUNNING, done=1_234, total=2_000)
        answer = page(browser("sam"), job)
    check_page(answer)
    assert "1,234 of 2,000" in text(answer)
    assert '<progress class="job-progress" max="2000" value="1234"' in text(answer)
    assert "data-live=" in text(answer)
    assert 'value="cancel"' in text(answer)


def test_an_ended_job_does_not_look_again_unless_its_page_is_open(job: Job) -> None:
    client = browser("sam")
    assert "data-live=" not in text(page(client, job))
    assert "data-live=" in text(client.get(f"/jobs/{job.pk}?live"))


def test_its_file_is_for_who_began_it_and_each_download_is_kept(job: Job) -> None:
    answer = browser("sam").post(f"/jobs/{job.pk}/file")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{job.file_name}"'
    assert answer.getvalue() == files.path_of(job.pk).read_bytes()
    entry = AuditEntry.objects.get(action="export.downloaded")
    assert (entry.user_name, entry.subject) == ("sam", str(job.pk))
    assert browser("ana").get(f"/jobs/{job.pk}").status_code == 200
    assert "Only who began it downloads its file." in text(page(browser("ana"), job))
    for name in ("ana", "otto", "vera"):
        assert browser(name).post(f"/jobs/{job.pk}/file").status_code == 403
    assert browser("sam").get(f"/jobs/{job.pk}/file").status_code == 405
    assert AuditEntry.objects.filter(action="export.downloaded").count() == 1


def test_who_lost_the_permission_does_not_get_the_file_any_more(job: Job) -> None:
    client = browser("sam")
    person("sam").groups.set([person("vera").groups.get()])
    assert client.post(f"/jobs/{job.pk}/file").status_code == 403
    assert "What you may see has changed" in text(page(client, job))
    person("sam").groups.clear()
    assert client.post(f"/jobs/{job.pk}/file").status_code == 403


def test_a_file_of_an_account_is_for_who_may_view_as_it() -> None:
    known_accounts()
    job = exported(person("sam"), account=ACCOUNT)
    assert (job.account_id, job.account_name) == (ACCOUNT, "Alder Freight")
    assert f"cards_{ACCOUNT}_sandbox_" in job.file_name
    assert browser("sam").post(f"/jobs/{job.pk}/file").status_code == 200
    assert "/connect/accounts/" in text(page(browser("sam"), job))


def test_a_file_that_was_removed_is_said(job: Job) -> None:
    client = browser("sam")
    files.remove(job.pk)
    answer = client.post(f"/jobs/{job.pk}/file", follow=True)
    assert answer.redirect_chain == [(f"/jobs/{job.pk}", 303)]
    assert "The file was removed: files are kept for 7 days." in answer.content.decode()
    Job.objects.update(file_name="", file_until=None)
    assert client.post(f"/jobs/{job.pk}/file").status_code == 403
    assert "The file was removed: files are kept for 7 days." in text(page(client, job))


def test_a_job_of_somebody_else_is_theirs(job: Job) -> None:
    for name in ("otto", "vera"):
        assert page(browser(name), job).status_code == 403
        assert page(browser(name), job, decision="cancel").status_code == 403
        listed = browser(name).get("/console/job/").context["cl"].result_list
        assert list(listed) == []
    assert [row.pk for row in browser("ana").get("/console/job/").context["cl"].result_list] == [job.pk]
    assert browser("sam").get(f"/jobs/{uuid.uuid4()}").status_code == 404


def test_cancel_resume_and_drop_are_buttons() -> None:
    with counting():
        client, job = browser("sam"), jobs.begin("count", user=person("sam"), params={"to": 3, "fails_at": 1})
        assert page(client, job, decision="cancel").status_code == 303
        job.refresh_from_db()
        assert job.state == State.CANCELLED
        assert ">Resume<" in text(page(client, job)).replace("> Resume <", ">Resume<")
        assert page(client, job, decision="resume").status_code == 303
        jobs.work(str(job.pk))
        job.refresh_from_db()
        assert job.state == State.FAILED
        assert "It cannot count any further." in text(page(client, job))
        assert page(browser("ana"), job, decision="resume").status_code == 303
        job.refresh_from_db()
        assert job.state == State.FAILED, "it runs with sam's rights: only sam resumes it"
        assert page(client, job, decision="drop").status_code == 303
        job.refresh_from_db()
        assert job.state == State.CANCELLED
        assert page(client, job, decision="explode").status_code == 400
        assert page(client, job, decision="cancel").status_code == 303, "too late: said, and nothing changed"


def test_what_went_wrong_before_stands_on_its_page_masked() -> None:
    known_accounts()
    with counting():
        job, client = jobs.begin("count", user=person("vera"), params={"to": 2, "fails_at": 1}), browser("vera")
        jobs.work(str(job.pk))
        assert text(page(client, job)).count("It cannot count any further.") == 1, "the one error is said once"
        job.refresh_from_db()
        job.errors[0]["error"] = "No mail to jo@kestrel.example."
        Job.objects.filter(pk=job.pk).update(params={"to": 2}, errors=job.errors)
        assert page(client, job, decision="resume").status_code == 303
        jobs.work(str(job.pk))
        answer = page(client, job)
        check_page(answer)
        assert "What went wrong" in text(answer)
        assert "No mail to •••" in text(answer)
        assert "jo@kestrel.example" in text(page(browser("ana"), job))


def test_an_export_of_an_account_goes_on_only_in_a_work_session_for_it() -> None:
    known_accounts()
    sam, client = person("sam"), browser("sam")
    session = view_as(client)
    job = jobs.begin("export", user=sam, params={"list": "issuing.card", "format": "csv", "account": ACCOUNT})
    assert jobs.cancel(job, user=sam)
    sessions.end(session, "click")
    shown = text(page(client, job))
    why = "It is a list of Alder Freight: view as that account, then let it go on."
    assert why in shown
    assert 'value="resume"' not in shown
    assert f'href="/connect/accounts/{ACCOUNT}/view-as"' in shown
    view_as(client, OTHER_ACCOUNT)
    assert page(client, job, decision="resume").status_code == 303
    job.refresh_from_db()
    assert (job.state, job.error) == (State.CANCELLED, why)
    with pytest.raises(JobFailed, match="view as that account"):
        jobs.resume(job, user=sam)
    view_as(client)
    assert 'value="resume"' in text(page(client, job))
    assert page(client, job, decision="resume").status_code == 303
    jobs.work(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error) == (State.SUCCEEDED, "")


def test_who_may_not_see_a_list_any_more_does_not_let_it_go_on() -> None:
    known_accounts()
    sam = person("sam")
    job = jobs.begin("export", user=sam, params={"list": "issuing.card", "format": "csv"})
    assert jobs.cancel(job, user=sam)
    sam.groups.clear()
    with pytest.raises(JobFailed, match=r"does not have the permission console\.export_lists"):
        jobs.resume(job, user=User.objects.get(pk=sam.pk))


def test_work_that_this_version_does_not_know_is_not_tried_again(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=State.FAILED)
    sam = browser("sam")
    assert "Try again" in text(page(sam, job))
    for unknown in (
        {"kind": "of_an_older_release"},
        {"params": {}},
        {"params": {**job.params, "list": "issuing.gone"}},
    ):
        Job.objects.filter(pk=job.pk).update(**{"kind": job.kind, **unknown})
        answer = page(sam, job)
        assert (answer.status_code, "Try again" in text(answer)) == (200, False), unknown
    assert "Nothing was changed" in text(sam.post(f"/jobs/{job.pk}", {"decision": "resume"}, follow=True))
    assert Job.objects.get(pk=job.pk).state == State.FAILED


def test_what_failed_of_ones_own_stands_on_home_until_it_is_dropped(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with counting(), django_capture_on_commit_callbacks(execute=True):
        job = jobs.begin("count", user=person("sam"), params={"to": 3, "fails_at": 1})
        jobs.work(str(job.pk))
    home = browser("sam").get("/")
    assert "Failed: Count" in text(home)
    assert f"/jobs/{job.pk}" in text(home)
    assert home.context["needing"] == 1
    assert "Failed: Count" not in text(browser("ana").get("/"))
    with django_capture_on_commit_callbacks(execute=True):
        jobs.drop(job, user=person("sam"))
    assert browser("sam").get("/").context["needing"] == 0


def test_a_list_finds_jobs_by_id_account_and_person(job: Job) -> None:
    other = exported(person("ana"), account=ACCOUNT)
    client = browser("ana")
    for words, found in ((str(job.pk), {job.pk}), (ACCOUNT, {other.pk}), ("sam", {job.pk}), ("nobody", set())):
        assert {row.pk for row in client.get("/console/job/", {"q": words}).context["cl"].result_list} == found


def test_pages_of_jobs_cost_no_more_than_a_page(job: Job) -> None:
    client = browser("sam")
    view_as(client)
    assert cost(client, f"/jobs/{job.pk}") <= MOST
    assert cost(client, "/console/job/") <= MOST


def test_what_was_sought_is_masked_for_who_may_not_see_it() -> None:
    known_accounts()
    for name, seen in (("vera", False), ("sam", True)):
        mine = exported(person(name), query="q=jo%40kestrel.example")
        assert ("jo@kestrel.example" in text(page(browser(name), mine))) is seen


def test_what_took_no_time_does_not_say_nought_seconds(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(started_at=job.ended_at)
    assert "Done in less than a second." in text(page(browser("sam"), job))


def test_what_narrows_an_export_is_said_in_words(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(params={**job.params, "query": "q=alder&status__exact=active"})
    assert "search: alder, status: active" in text(page(browser("sam"), job))


def test_a_name_from_outside_moves_nothing_on_the_page(job: Job) -> None:
    name = "\u202egnp.exe\u05d0 " + "x" * 250
    Job.objects.filter(pk=job.pk).update(
        account_id=ACCOUNT, account_name=name[:255], params={**job.params, "query": "<script>"}
    )
    answer = page(browser("sam"), job)
    check_page(answer)
    assert "<script>" not in text(answer).split("</head>")[1].replace("<script src", "")
    assert "\u202e" not in text(answer).split("<bdi>")[0]
