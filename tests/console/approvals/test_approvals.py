"""An act that needs a second person: asked for, approved, refused, withdrawn, void, expired; who may do which."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from console.approvals import deciding, exact
from console.approvals.deciding import Changed, SeenOther
from console.approvals.models import Approval
from console.operations import door
from console.operations.admission import Denied
from console.operations.door import Performed
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request
from console.people.models import User
from console.record import audit
from gateway.errors import Refused
from tests.console.acting import (
    CREATE,
    LINK,
    PERMISSION,
    RENAME,
    account,
    do,
    failing,
    faults,
    person,
    rename,
    session_for,
    settle,
    told,
    verb_that,
)
from tests.console.approvals.conftest import POLICY, Ask, Policy
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting_verbs")]
State, Stands = Approval.State, Operation.State
NO = "The bank account is another one"


def seen(approval: Approval) -> str:
    """What somebody who looks at its page now is shown."""
    now = exact.read(approval.operation)
    assert now
    return now.seen


def approve(approval: Approval, user: User, note: str = "") -> Performed:
    return deciding.approve(approval, user=user, seen=seen(approval), note=note)


def posts(sandbox: SandboxProcess, approval: Approval) -> int:
    """How many writes about its account the sandbox got."""
    path = f"/v1/accounts/{approval.operation.account_id}"
    return sum(each.get("method") == "POST" and each.get("path") == path for each in sandbox.traffic())


def now(approval: Approval) -> Approval:
    return Approval.objects.select_related("operation").get(pk=approval.pk)


# Asked for


def test_what_needs_a_second_person_is_stored_and_not_sent(ask: Ask, sandbox: SandboxProcess, otto: User) -> None:
    approval = ask(ticket="CS-1")
    assert (approval.state, approval.requester, approval.approver) == (State.WAITING, otto, None)
    assert approval.why == "It always needs a second person."
    assert timedelta(hours=23, minutes=59) < approval.until - timezone.now() <= timedelta(hours=24)
    assert posts(sandbox, approval) == 0
    assert told(approval.operation) == ["operation.intended", "approval.asked"]
    assert audit.verify().problem == ""


def test_nothing_but_a_person_moves_it_on(ask: Ask, sandbox: SandboxProcess) -> None:
    approval = ask()
    assert settle(approval.operation, timedelta(hours=2)).state == Stands.AWAITING
    assert not door.needs_a_person(approval.operation)  # as a lost one does
    assert posts(sandbox, approval) == 0


def test_the_same_form_again_finds_what_waits(sandbox: SandboxProcess, otto: User) -> None:
    account_id, token = account(sandbox), uuid.uuid4().hex
    first, second = (
        do(RENAME, otto, params={"name": "Birch"}, account_id=account_id, form_token=token) for _ in range(2)
    )
    assert (second.operation, second.again) == (first.operation, True)
    assert Approval.objects.count() == 1


def test_one_of_many_rows_waits_where_the_policy_counts_them(sandbox: SandboxProcess, otto: User) -> None:
    assert do(CREATE, otto, params={"business_name": "A", "country": "US"}, rows=2).operation.state == Stands.SUCCEEDED
    assert do(CREATE, otto, params={"business_name": "B", "country": "US"}, rows=3).operation.state == Stands.AWAITING


def test_what_is_never_stored_is_refused_and_not_kept_waiting(sandbox: SandboxProcess, otto: User) -> None:
    params = {"business_name": "A", "country": "US", "ssn": "123456789"}
    with pytest.raises(Denied, match=r"cannot wait for one with SSN: such values are never stored\. Leave them out"):
        do(CREATE, otto, params=params, rows=3)
    assert not Operation.objects.exists()


def test_what_is_shown_once_cannot_wait(sandbox: SandboxProcess, otto: User) -> None:
    with pytest.raises(Denied, match="its answer is shown once"):
        do(LINK, otto, account_id=account(sandbox))


def test_what_is_open_is_found_without_looking_at_what_is_over() -> None:
    if connection.vendor == "sqlite":  # PostgreSQL reads so few rows at once
        assert "approval_open" in Approval.objects.open().order_by("asked_at", "id").explain()
        assert "approval_open" in Approval.objects.waiting().order_by("asked_at").explain()


# Approved


def test_another_person_approves_and_it_is_sent_once(ask: Ask, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    operation = approve(approval, vera, note="Looked at the file").operation
    assert (operation.state, operation.attempts) == (Stands.SUCCEEDED, 1)
    assert posts(sandbox, approval) == 1
    approval = now(approval)
    assert (approval.state, approval.approver, approval.note) == (State.APPROVED, vera, "Looked at the file")
    assert told(operation)[1:] == ["approval.asked", "approval.approved", "operation.succeeded"]
    assert [each.user_name for each in operation.audit_entries.filter(action="approval.approved")] == ["vera"]
    with pytest.raises(Denied, match="vera has approved it already"):
        deciding.approve(approval, user=person("ana", PERMISSION, "console.approve_operation"), seen="")
    assert posts(sandbox, approval) == 1


def test_who_asked_never_approves(ask: Ask, otto: User) -> None:
    approval = ask()
    with pytest.raises(Denied, match="another person decides"):
        approve(approval, otto)
    with pytest.raises(Denied, match="another person decides"):
        deciding.refuse(approval, user=otto, note=NO)
    assert now(approval).state == State.WAITING
    assert told(approval.operation)[-1] == "approval.denied"


def test_the_database_refuses_an_approver_who_asked(ask: Ask, otto: User) -> None:
    approval = ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(approver=otto)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(state=State.APPROVED)  # by nobody
    assert now(approval).approver is None


@pytest.mark.parametrize("lacks", ["console.approve_operation", PERMISSION])
def test_an_approver_needs_both_permissions(ask: Ask, lacks: str) -> None:
    approval = ask()
    had = {"console.approve_operation", PERMISSION, "accounts.view_account"} - {lacks}
    with pytest.raises(Denied, match="You cannot decide this"):
        approve(approval, person("nele", *had))


def test_an_approver_must_be_active_and_may_not_be_looking_only(ask: Ask, vera: User) -> None:
    approval = ask()
    session = session_for(vera, approval.operation.account_id)
    with pytest.raises(Denied, match="in look mode"):
        approve(approval, vera)
    session.delete()
    vera.is_active = False
    with pytest.raises(Denied, match="You cannot decide this"):
        approve(approval, vera)
    assert now(approval).state == State.WAITING


def test_what_stripe_refuses_is_refused_as_ever(sandbox: SandboxProcess, otto: User, vera: User) -> None:
    verb = failing(Refused("No such account.", status=404), about_account=True)
    asked = do(verb, otto, account_id=account(sandbox)).operation
    operation = approve(Approval.objects.get(operation=asked), vera).operation
    assert (operation.state, operation.error_message) == (Stands.REFUSED, "No such account.")


def test_an_approved_one_in_doubt_is_settled_as_ever(ask: Ask, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    faults(sandbox, "reset_after", match=f"POST /v1/accounts/{approval.operation.account_id}")
    operation = approve(approval, vera).operation
    assert operation.state == Stands.UNKNOWN
    assert settle(operation, timedelta(minutes=5)).state == Stands.SUCCEEDED  # the same key again
    assert posts(sandbox, approval) == 2


def test_a_day_of_waiting_does_not_make_it_too_old_to_be_sent(ask: Ask, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    before = timezone.now() - timedelta(hours=23, minutes=59)
    Operation.objects.filter(pk=approval.operation_id).update(created_at=before)
    faults(sandbox, "429", match=f"POST /v1/accounts/{approval.operation.account_id}")
    operation = approve(approval, vera).operation
    assert operation.state == Stands.INTENT
    assert settle(operation, timedelta(minutes=2)).state == Stands.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once_execute_once(ask: Ask, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    approvers = [vera, *(person(f"p{each}", PERMISSION, "console.approve_operation") for each in range(5))]
    said, gate, shown = list[str](), threading.Barrier(len(approvers)), seen(approval)

    def press(user: User) -> None:
        gate.wait()
        try:
            said.append(deciding.approve(approval, user=user, seen=shown).operation.state)
        except Denied as denied:
            said.append(str(denied))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[user]) for user in approvers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count(Stands.SUCCEEDED) == 1
    assert sum("has approved it already" in each for each in said) == 5, said
    assert posts(sandbox, approval) == 1
    assert told(approval.operation).count("approval.approved") == 1


@pytest.mark.django_db(transaction=True)
def test_approved_and_withdrawn_at_once_is_one_of_the_two(
    ask: Ask, sandbox: SandboxProcess, otto: User, vera: User
) -> None:
    approval = ask()
    gate, shown, errors = threading.Barrier(2), seen(approval), list[str]()

    def press(act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            act()
        except Denied as denied:
            errors.append(str(denied))
        finally:
            connections.close_all()

    acts = (
        lambda: deciding.approve(approval, user=vera, seen=shown),
        lambda: deciding.withdraw(approval, user=otto),
    )
    threads = [threading.Thread(target=press, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end = now(approval)
    assert len(errors) == 1
    assert (end.state, end.operation.state, posts(sandbox, approval)) in (
        (State.APPROVED, Stands.SUCCEEDED, 1),
        (State.WITHDRAWN, Stands.NOT_APPROVED, 0),
    )


# Refused, withdrawn, void, expired


def test_a_refused_one_is_never_sent_and_its_requester_asks_again(
    ask: Ask, sandbox: SandboxProcess, otto: User, vera: User
) -> None:
    approval = ask()
    with pytest.raises(Denied, match="Say why"):
        deciding.refuse(approval, user=vera, note="no")
    deciding.refuse(approval, user=vera, note=NO)
    approval = now(approval)
    assert (approval.state, approval.approver, approval.unanswered) == (State.REFUSED, vera, True)
    assert (approval.operation.state, approval.operation.settled_by) == (Stands.NOT_APPROVED, "approval")
    assert approval.operation.error_message == NO
    with pytest.raises(Denied, match="otto asked for it"):
        deciding.ask_again(approval, user=vera)
    new = deciding.ask_again(approval, user=otto).operation
    assert (new.state, new.params) == (Stands.AWAITING, approval.operation.params)
    assert deciding.ask_again(now(approval), user=otto).operation == new  # a second click
    assert not now(approval).unanswered
    assert posts(sandbox, approval) == 0


def test_its_requester_alone_withdraws_it(ask: Ask, sandbox: SandboxProcess, otto: User, vera: User) -> None:
    approval = ask()
    with pytest.raises(Denied, match="Only otto"):
        deciding.withdraw(approval, user=vera)
    deciding.withdraw(approval, user=otto)
    approval = now(approval)
    assert (approval.state, approval.unanswered, approval.operation.state) == (
        State.WITHDRAWN,
        False,
        Stands.NOT_APPROVED,
    )
    with pytest.raises(Denied, match="It is withdrawn"):
        approve(approval, vera)
    assert posts(sandbox, approval) == 0


def test_after_a_day_it_is_over(ask: Ask, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    assert deciding.sweep(timezone.now() + timedelta(hours=23, minutes=59)) == 0
    Approval.objects.filter(pk=approval.pk).update(until=timezone.now())
    with pytest.raises(Denied, match="It is expired"):  # also before the sweep has come by
        approve(approval, vera)
    assert (deciding.sweep(), deciding.sweep()) == (1, 0)
    approval = now(approval)
    assert (approval.state, approval.unanswered, approval.operation.state) == (State.EXPIRED, True, Stands.NOT_APPROVED)
    assert told(approval.operation)[-1] == "approval.expired"
    assert posts(sandbox, approval) == 0


def test_another_policy_makes_it_void(ask: Ask, policy: Policy, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    policy(f"{POLICY}# stricter\n")
    with pytest.raises(Changed, match=r"It is void, and nothing was sent: The policy was changed\."):
        approve(approval, vera)
    approval = now(approval)
    assert (approval.state, approval.note, approval.unanswered) == (State.VOID, "The policy was changed.", True)
    assert posts(sandbox, approval) == 0


def test_a_requester_who_may_not_do_it_any_more_makes_it_void(ask: Ask, otto: User, vera: User) -> None:
    approval = ask()
    otto.is_active = False
    otto.save()
    with pytest.raises(Changed, match="otto may not do it any more"):
        approve(approval, vera)


def test_a_request_that_was_altered_in_the_database_is_void(ask: Ask, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    Operation.objects.filter(pk=approval.operation_id).update(params={"name": "Mallory Ltd"})
    with pytest.raises(Changed, match="What would be sent has changed"):
        approve(now(approval), vera)
    assert posts(sandbox, approval) == 0


BOARD = {"name": "Alder", "open": "2"}


def shows(row: None, params: dict[str, Any]) -> Request:
    """A request that replaces a name, beside a fact."""
    facts, before = (("Open", BOARD["open"]),), {"name": BOARD["name"]}
    return Request("POST", "/v1/x", params={"name": params.get("name")}, facts=facts, before=before)


@pytest.fixture
def act(sandbox: SandboxProcess, otto: User) -> Approval:
    """An approval of a verb whose request shows what it replaces, and a fact beside it."""
    BOARD.update(name="Alder", open="2")
    verb = verb_that(rename, request=shows, about_account=True)
    operation = do(verb, otto, params={"name": "Birch"}, account_id=account(sandbox)).operation
    return Approval.objects.get(operation=operation)


def test_a_field_that_changed_makes_it_void_and_says_which(act: Approval, sandbox: SandboxProcess, vera: User) -> None:
    BOARD["name"] = "Cedar"
    with pytest.raises(Changed, match="name was Alder, and is Cedar now"):
        approve(act, vera)
    assert (now(act).state, posts(sandbox, act)) == (State.VOID, 0)


def test_the_sweep_voids_what_changed_by_itself(act: Approval) -> None:
    assert deciding.sweep() == 0
    BOARD["name"] = "Cedar"
    assert (deciding.sweep(), deciding.sweep()) == (1, 0)
    assert (now(act).state, now(act).note) == (State.VOID, "name was Alder, and is Cedar now.")


def test_what_changed_beside_it_is_shown_once_more_before_it_is_sent(
    act: Approval, sandbox: SandboxProcess, vera: User
) -> None:
    shown = seen(act)
    BOARD["open"] = "3"
    with pytest.raises(SeenOther, match="nothing was sent"):
        deciding.approve(act, user=vera, seen=shown)
    assert (now(act).state, posts(sandbox, act)) == (State.WAITING, 0)
    assert approve(act, vera).operation.state == Stands.SUCCEEDED


def test_personal_values_stand_in_no_approval(sandbox: SandboxProcess, otto: User, policy: Policy) -> None:
    policy(POLICY)

    def request(row: None, params: dict[str, Any]) -> Request:
        sent = {"phone": params.get("phone"), "country": "US"}
        return Request("POST", "/v1/x", params=sent, before={"phone": "+14155550100", "country": "DE"})

    verb = verb_that(rename, request=request, about_account=True)
    operation = do(verb, otto, params={"phone": "+14155550199"}, account_id=account(sandbox)).operation
    approval = Approval.objects.get(operation=operation)
    assert "4155550" not in str(approval.request)
    assert ["country", "US", "DE"] in approval.request["calls"][0]["lines"]


# What stands for many other acts, such as a run over many rows: one operation, one approval, no call of its own

RUN = {"rows": ["a", "b"], "begun": 0}


def begins(operation: Operation, params: dict[str, Any]) -> Outcome:
    RUN["begun"] += 1  # type: ignore[operator]
    return Outcome(result={"rows": RUN["rows"]})


def tells_rows(row: None, params: dict[str, Any]) -> Request:
    return Request("POST", "/v1/many", params={"rows": RUN["rows"]})


@pytest.fixture
def run(sandbox: SandboxProcess, otto: User) -> Approval:
    RUN.update(rows=["a", "b"], begun=0)
    verb = verb_that(begins, request=tells_rows, permissions_for=lambda _: (PERMISSION, "accounts.view_account"))
    otto.user_permissions.add(Permission.objects.get(codename="view_account"))
    operation = do(verb, User.objects.get(pk=otto.pk)).operation
    return Approval.objects.get(operation=operation)


def test_many_acts_wait_as_one_and_need_their_own_permissions(run: Approval, vera: User) -> None:
    with pytest.raises(Denied, match="You cannot decide this"):
        approve(run, vera)
    vera.user_permissions.add(Permission.objects.get(codename="view_account"))
    assert approve(run, User.objects.get(pk=vera.pk)).operation.state == Stands.SUCCEEDED
    assert RUN["begun"] == 1


def test_other_rows_than_those_that_were_asked_for_are_void(run: Approval, vera: User) -> None:
    vera.user_permissions.add(Permission.objects.get(codename="view_account"))
    RUN["rows"] = ["a", "b", "c"]
    with pytest.raises(Changed, match="What would be sent as rows"):
        approve(run, User.objects.get(pk=vera.pk))
    assert RUN["begun"] == 0


def test_what_was_approved_is_looked_at_again_before_a_late_try(ask: Ask, sandbox: SandboxProcess, vera: User) -> None:
    approval = ask()
    with transaction.atomic():
        deciding._let_go(approval, vera, "")
    operation = now(approval).operation
    Operation.objects.filter(pk=operation.pk).update(claimed_by="", claimed_until=None, next_try_at=timezone.now())
    User.objects.filter(pk=operation.user_id).update(is_active=False)
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.error_code) == (Stands.REFUSED, "changed")
    assert posts(sandbox, approval) == 0
