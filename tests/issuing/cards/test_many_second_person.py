"""A run of more rows than the policy lets one person begin waits for another one, as a whole."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from accounts.account.models import Account
from console.approvals import deciding, exact, policy
from console.approvals.models import Approval
from console.bulk import drafts, engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.operations import verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from issuing.cards.models import Card
from tests.issuing.acting import text
from tests.issuing.conftest import make_card, perform
from tests.people import browser, person

pytestmark = pytest.mark.django_db
WHY = "More than 2 at once need a second person: these are 3."
REASON = "The customer asked for all of these"


@pytest.fixture(autouse=True)
def two_at_once() -> Any:
    """The policy lets two cards be activated at once, and no third."""
    own = policy.current()
    rules = {**own.rules, "issuing.activate_card": {"sandbox": policy.Rule(rows=2)}}
    changed = policy.Policy(own.version, own.always_lowers, own.one_lowers, own.money, rules)
    with mock.patch.object(policy, "current", return_value=changed):
        yield


@pytest.fixture
def cards(account: Account) -> list[Card]:
    """Three that are inactive."""
    return [make_card(account, active=False) for _ in range(3)]


@pytest.fixture
def run(cards: list[Card]) -> BulkRun:
    """All of them to be activated, as otto wants it."""
    return begun(cards)


def begun(cards: list[Card], verb: str = "issuing.activate_card") -> BulkRun:
    rows = [runs.Wanted(str(card.account_id), "Kestrel", card.pk) for card in cards]
    return runs.begin(verbs.get(verb), user=person("otto"), rows=rows, reason=REASON)


def seen(approval: Approval) -> str:
    found = exact.read(approval.operation)
    assert found
    return found.seen


def test_it_stays_a_draft_until_another_person_approves_it(run: BulkRun) -> None:
    assert run.state == BulkRun.State.DRAFT
    approval = Approval.objects.get()
    assert (approval.why, approval.requester) == (WHY, person("otto"))
    assert engine.work(str(run.pk)) == 0
    with pytest.raises(Denied):
        deciding.approve(approval, user=person("otto"), seen=seen(approval))
    deciding.approve(approval, user=person("ana"), seen=seen(approval))
    run.refresh_from_db()
    assert run.state == BulkRun.State.RUNNING
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.outcomes()) == (BulkRun.State.ENDED, {"succeeded": 3})
    assert Operation.objects.filter(verb="issuing.activate_card").count() == 3


def test_the_act_that_began_it_says_that_it_sent_nothing_itself(run: BulkRun) -> None:
    approval = Approval.objects.get()
    deciding.approve(approval, user=person("ana"), seen=seen(approval))
    operation = Operation.objects.get(verb=runs.BEGIN)
    assert (operation.state, operation.tries) == (Operation.State.SUCCEEDED, [])
    page = text(browser("otto"), f"/operations/{operation.pk}")
    assert "Nothing was sent to Stripe by this: each of its rows is an operation of its own." in page
    assert "This act sends nothing to Stripe itself." in page
    assert "200" not in page.partition("Attempts")[2].partition("Parameters")[0]
    link = f'<a href="{run.get_absolute_url()}">Activate card, 3 rows</a>'
    assert link in browser("otto").get(f"/operations/{operation.pk}").content.decode()


def test_begun_twice_it_waits_once(run: BulkRun) -> None:
    runs.start(run, person("otto"), reason=REASON)
    assert Approval.objects.count() == Operation.objects.filter(verb=runs.BEGIN).count() == 1


def test_as_many_as_one_person_may_are_begun_at_once(cards: list[Card]) -> None:
    assert begun(cards[:2]).state == BulkRun.State.RUNNING
    assert not Approval.objects.exists()


def test_what_lowers_risk_waits_for_nobody(cards: list[Card]) -> None:
    assert begun(cards, "issuing.deactivate_card").state == BulkRun.State.RUNNING


def test_refused_it_is_never_begun_and_can_be_asked_for_again(run: BulkRun) -> None:
    approval = Approval.objects.get()
    deciding.refuse(approval, user=person("ana"), note="Not while the case is open")
    run.refresh_from_db()
    assert run.state == BulkRun.State.DRAFT
    approval.refresh_from_db()
    again = deciding.ask_again(approval, user=person("otto")).operation
    assert (again.state, again.approval.why) == (Operation.State.AWAITING, WHY)
    assert runs.asked_for(run) == again


def test_the_approver_needs_the_permission_of_its_rows(run: BulkRun) -> None:
    with pytest.raises(Denied):
        deciding.approve(Approval.objects.get(), user=person("vera"), seen="")


def test_its_page_says_that_it_waits_and_the_approval_says_for_how_many(run: BulkRun) -> None:
    page = browser("otto").get(run.get_absolute_url()).content.decode()
    assert "It waits for a second person: nothing was sent." in page
    assert 'value="begin"' not in page
    shown = browser("ana").get(f"/approvals/{Approval.objects.get().pk}").content.decode()
    assert "and 2 more" in shown
    assert "Activate card" in shown


def test_a_draft_that_waits_outlives_the_day_that_it_may_wait(run: BulkRun) -> None:
    assert drafts.drop_old(timezone.now() + timedelta(hours=25)) == 0
    assert BulkRow.objects.filter(run=run).count() == 3


def test_trying_failed_rows_again_begins_no_draft(run: BulkRun) -> None:
    BulkRow.objects.filter(run=run, position=1).update(state="denied")
    with pytest.raises(Denied, match="has not begun"):
        runs.retry(run, person("otto"))
    run.refresh_from_db()
    assert run.state == BulkRun.State.DRAFT


def test_rows_that_the_policy_did_not_count_are_not_tried_again_without_a_second_person(cards: list[Card]) -> None:
    own = begun(cards[:1])
    engine.work(str(own.pk))
    engine.finish(own)
    for place in (2, 3, 4):
        BulkRow.objects.create(
            run=own, position=place, account_id="acct_1", form_token=f"x{place}", state="denied", why="Held"
        )
    with pytest.raises(Denied, match="Begin a run of its own"):
        runs.retry(own, person("otto"))
    assert BulkRow.objects.filter(run=own, state="denied").count() == 3


def test_what_was_entered_is_not_changed_behind_who_approves(run: BulkRun) -> None:
    approval = Approval.objects.get()
    with pytest.raises(Denied):
        runs.start(run, person("otto"), reason="Another reason altogether", common={"x": 1})
    run.refresh_from_db()
    assert (run.reason, run.common) == (REASON, {})
    BulkRun.objects.filter(pk=run.pk).update(common={"x": 1})
    with pytest.raises(deciding.Changed):
        deciding.approve(approval, user=person("ana"), seen="")
    run.refresh_from_db()
    assert run.state == BulkRun.State.DRAFT


def test_no_page_begins_it_by_itself(run: BulkRun) -> None:
    assert browser("otto").get(f"/do/{runs.BEGIN}/").status_code == 404


def test_what_was_one_of_many_needs_a_second_person_again_when_it_is_asked_for_again(cards: list[Card]) -> None:
    first = perform("activate_card", cards[0], rows=3).operation
    assert first.state == Operation.State.AWAITING
    deciding.refuse(first.approval, user=person("ana"), note="Not while the case is open")
    first.approval.refresh_from_db()
    again = deciding.ask_again(first.approval, user=first.user).operation
    assert (again.state, again.approval.why) == (Operation.State.AWAITING, first.approval.why)
