"""What rows hold of persons is forgotten: after a while, or when somebody is erased; until then it is masked."""

import importlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from console.approvals import policy
from console.approvals.models import Approval
from console.bulk import engine, forgetting, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Denied
from console.operations import verbs
from console.operations.models import Operation
from console.people import masking
from console.record import erasure
from tests.answers import check_page
from tests.console.bulk.test_updates_from_file import HOLDER, REASON, otto, row_at, sent
from tests.issuing import rows
from tests.issuing.acting import run as command
from tests.issuing.conftest import issuing_account, make_cardholder
from tests.people import browser, person
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
__all__ = ["otto"]
MAIL = "jane@kestrel.example"
LATER = timedelta(days=30, seconds=1)
WHY = "The cardholder asked to be forgotten"


@pytest.fixture
def run(otto: Client) -> BulkRun:
    """Of three lines one can be done, and two are wrong."""
    holder = rows.cardholder()
    sent(otto, f"id,email\n{holder.pk},{MAIL}\nJane Kestrel,x\n{rows.cardholder().pk},no-mail-of-jane\n", HOLDER)
    return begun(otto, "rows")


def begun(client: Client, leave_out: str = "") -> BulkRun:
    run = BulkRun.objects.get()
    entries = {"act": "begin", "reason": REASON, "form_token": "b" * 32, "leave_out": leave_out}
    assert client.post(run.get_absolute_url(), entries).status_code == 303
    run.refresh_from_db()
    assert run.state == "running"
    return run


def ended(run: BulkRun, **waiting: Any) -> BulkRun:
    BulkRow.objects.filter(run=run, state="waiting").update(**(waiting or {"state": "denied", "why": "It is blocked."}))
    BulkRun.objects.filter(pk=run.pk).update(state="ended", ended_at=timezone.now(), failed=1)
    run.refresh_from_db()
    return run


def stored() -> str:
    return str([*BulkRow.objects.values_list(), *BulkRun.objects.values_list()])


def test_only_rows_with_something_of_a_person_are_marked(run: BulkRun) -> None:
    assert [row_at(place).personal for place in (2, 3, 4)] == [True, True, True]
    card = rows.card()
    other = runs.begin(
        verbs.get("issuing.update_card"),
        user=person("otto"),
        reason=REASON,
        via="command",
        rows=[runs.Wanted(str(card.account_id), "A", card.pk, {"blocked_categories": ["book_stores"]})],
    )
    assert not BulkRow.objects.filter(run=other, personal=True).exists()


def test_what_rows_of_many_share_is_never_personal() -> None:
    many = [verb for verb in verbs.every() if verb.bulk or verb.row_form]
    shared = {(verb.name, name) for verb in many for name in (verb.common_form or verb.form).base_fields}
    assert not [each for each in shared if masking.hides(verbs.get(each[0]), each[1])]


def test_it_is_forgotten_thirty_days_after_the_end_and_said_so(run: BulkRun, otto: Client) -> None:
    ended(run)
    assert forgetting.forget_old() == forgetting.forget_old(timezone.now() + timedelta(days=29)) == 0
    assert MAIL in stored()
    assert forgetting.forget_old(timezone.now() + LATER) == 3
    assert not any(word in stored() for word in (MAIL, "Jane Kestrel", "no-mail-of-jane"))
    assert row_at(4).object_id.startswith("ich_"), "an id is no name"
    page = otto.get(run.get_absolute_url())
    check_page(page)
    said = [row.said for row in page.context["rows"]]
    words = forgetting.WORDS.format(timezone.now())
    assert said == ["It is blocked.", words, words]
    assert page.context["failed"] == 0


def test_then_nothing_of_it_is_tried_again_and_the_refusal_says_why(run: BulkRun) -> None:
    ended(run)
    BulkRow.objects.filter(position=4).update(state="denied", personal=False)
    forgetting.forget_old(timezone.now() + LATER)
    assert runs.retry(run, person("otto")) == 1, "the row of which nothing was forgotten"
    BulkRow.objects.filter(position=4).update(state="left_out")
    ended(run)
    with pytest.raises(Denied, match="What these rows held of persons was forgotten"):
        runs.retry(run, person("otto"))


def test_until_the_end_failed_rows_are_tried_again_and_waiting_ones_go_on(run: BulkRun) -> None:
    runs.stop(run, person("otto"))
    assert forgetting.forget_old(timezone.now() + timedelta(days=29)) == 0
    runs.resume(run, person("otto"))
    assert forgetting.forget_old(timezone.now() + LATER) == 0, "a run that goes on needs it"
    ended(run)
    assert runs.retry(run, person("otto")) == 1
    assert row_at(2).params == {"email": MAIL}


def test_a_run_that_was_stopped_for_so_long_sends_nothing_more_of_it(run: BulkRun) -> None:
    runs.stop(run, person("otto"))
    forgetting.forget_old(timezone.now() + LATER)
    row = row_at(2)
    assert (row.state, row.params, row.why.startswith("Nothing was sent. What this row held")) == ("denied", {}, True)
    runs.resume(run, person("otto"))
    engine.work(str(run.pk))
    assert not Operation.objects.exists()


def test_what_succeeded_is_forgotten_while_its_run_goes_on(sandbox: SandboxProcess, db: None) -> None:
    client, holder = browser("otto"), make_cardholder(issuing_account())
    sent(client, f"id,email\n{holder.pk},{MAIL}\n", HOLDER)
    run = begun(client)
    engine.work(str(run.pk))
    BulkRun.objects.update(state="running", ended_at=None)
    assert forgetting.forget_old(timezone.now() + LATER) == 1
    assert (row_at(2).params, row_at(2).operation.params["email"]) == ({}, MAIL)  # type: ignore[union-attr]


def test_whoever_is_erased_is_erased_from_runs_too(run: BulkRun, otto: Client) -> None:
    held = row_at(2)
    for kind, key in (("subject", held.object_id), ("account", held.account_id)):
        assert erasure.elsewhere(kind, key) >= 1
    status, _, err = command("erase_person", "--subject", held.object_id, who="ana")
    assert (status, "0 rows would be erased for good, and what 1 rows of bulk runs hold." in err) == (2, True)
    assert "Rows of bulk runs" in browser("ana").get(f"/audit/erase/subject/{held.object_id}").content.decode()
    act = erasure.begin("subject", held.object_id, user=person("ana"), reason=WHY)
    erasure.work(str(act.pk))
    act.refresh_from_db()
    assert act.finished_at
    assert MAIL not in stored()
    assert (row_at(2).state, row_at(4).personal) == ("denied", True)
    engine.work(str(run.pk))
    assert not Operation.objects.exists()


def test_a_row_that_is_being_sent_is_erased_afterwards(run: BulkRun) -> None:
    row = engine.claim(run, 1)[0]
    act = erasure.begin("subject", row.object_id, user=person("ana"), reason=WHY)
    erasure.work(str(act.pk))
    act.refresh_from_db()
    assert (act.finished_at, row_at(2).params) == (None, {"email": MAIL})
    BulkRow.objects.held(row.claimed_by).release()
    type(act).objects.filter(pk=act.pk).update(next_try_at=None)
    erasure.work(str(act.pk))
    act.refresh_from_db()
    assert (bool(act.finished_at), row_at(2).params) == (True, {})


def test_a_row_whose_process_ended_before_it_knew_its_operation_says_what_was_sent(run: BulkRun) -> None:
    row = row_at(2)
    made = Operation.objects.create(
        verb=HOLDER, user=person("otto"), reason=REASON, key="k", form_token=row.form_token, account_id=row.account_id
    )
    BulkRow.objects.filter(pk=row.pk).update(attempts=1)
    assert forgetting.forget("subject", row.object_id)
    assert (row_at(2).state, row_at(2).operation, row_at(2).params) == ("given", made, {})


def test_who_may_not_see_personal_data_sees_none_of_it_anywhere(otto: Client, caplog: Any) -> None:
    own, holder = policy.current(), rows.cardholder()
    rules = {**own.rules, HOLDER: {"sandbox": policy.Rule(always=True)}}
    changed = policy.Policy(own.version, own.always_lowers, own.one_lowers, own.money, rules)
    with mock.patch.object(policy, "current", return_value=changed):
        sent(otto, f"id,email,first_name,city\n{holder.pk},{MAIL},Philippa,Poughkeepsie\nJane Kestrel,,,\n", HOLDER)
        run, vera = BulkRun.objects.get(), browser("vera")
        draft = vera.get(run.get_absolute_url()).content.decode()
        begin = {"act": "begin", "reason": REASON, "form_token": "b" * 32, "leave_out": "1"}
        assert otto.post(run.get_absolute_url(), begin).status_code == 303
        approval = f"/approvals/{Approval.objects.get().pk}"
        assert MAIL in browser("ana").get(approval).content.decode()
        seen = [vera.get(each) for each in (approval, run.get_absolute_url(), "/console/bulkrun/", "/")]
    told = "".join([draft, caplog.text, *(page.content.decode() for page in seen)])
    assert not any(word in told for word in (MAIL, "Philippa", "Poughkeepsie", "Jane Kestrel"))
    assert not any(word in str(Approval.objects.get().request) for word in (MAIL, "Philippa", "Poughkeepsie"))


def test_rows_of_before_are_marked_when_the_database_is_brought_up_to_date(run: BulkRun) -> None:
    runs.stop(run, person("otto"))
    BulkRow.objects.update(personal=False)
    BulkRun.objects.update(stopped_at=None)
    migration = importlib.import_module("console.migrations.0022_forgotten_rows")
    migration.fill(apps, SimpleNamespace(connection=connection))
    run.refresh_from_db()
    assert (BulkRow.objects.filter(personal=True).count(), bool(run.stopped_at)) == (3, True)
