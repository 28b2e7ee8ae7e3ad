"""The door: who may, what is stored before the call, one form one operation, a person's decision."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from console.operations import door
from console.operations.admission import Denied
from console.operations.models import Operation
from console.people.models import User
from console.record import audit
from console.record.models import AuditEntry
from console.viewing.models import WorkSession
from gateway import client
from gateway.commits import durable
from gateway.errors import Refused
from tests.console.acting import (
    ACCOUNT,
    CREATE,
    LINK,
    NOT_IN_SANDBOX,
    PERMISSION,
    READ,
    RENAME,
    account,
    accounts_at_stripe,
    creates,
    do,
    event_of,
    failing,
    faults,
    person,
    session_for,
    settle,
    told,
    verb_that,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("acting_verbs")

State = Operation.State
LATER = timedelta(minutes=5)


# The plain way


def test_success_is_stored_with_its_request_and_told_twice(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(CREATE, otto, params=ACCOUNT, ticket="T-1").operation
    assert (operation.state, operation.settled_by, operation.attempts) == (State.SUCCEEDED, "answer", 1)
    assert operation.object_id == operation.account_id == accounts_at_stripe(sandbox)[0]["id"]
    assert (operation.account_name, operation.result, operation.ticket) == ("Alder Ltd", {"country": "US"}, "T-1")
    assert operation.request_id.startswith("req_")
    assert (operation.claimed_by, operation.claimed_until, operation.next_try_at) == ("", None, None)
    assert told(operation) == ["operation.intended", "operation.succeeded"]
    assert audit.verify().problem == ""


@pytest.mark.django_db(transaction=True)
def test_the_intent_is_committed_before_the_call(sandbox: SandboxProcess, otto: User) -> None:
    seen: list[Any] = []

    def look(operation: Operation, params: dict[str, Any]) -> Any:
        def elsewhere() -> None:
            seen.append(Operation.objects.values("key", "state", "attempts").get(pk=operation.pk))
            connections.close_all()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        seen.append(connection.in_atomic_block)
        return CREATE.send(operation, params)

    operation = do(verb_that(look), otto, params=ACCOUNT).operation
    assert seen == [{"key": operation.key, "state": State.SENDING, "attempts": 1}, False]
    assert operation.state == State.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_an_intent_is_on_the_disk_when_it_is_committed(otto: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's commits are")
    levels = []
    with durable(), connection.cursor() as cursor:
        levels.append(cursor.execute("PRAGMA synchronous").fetchone()[0])
    with connection.cursor() as cursor:
        levels.append(cursor.execute("PRAGMA synchronous").fetchone()[0])
    assert levels == [2, 1]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_performed_inside_a_transaction(sandbox: SandboxProcess, otto: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        do(CREATE, otto, params=ACCOUNT)
    assert (creates(sandbox), Operation.objects.count()) == (0, 0)


def test_what_is_shown_is_not_stored(sandbox: SandboxProcess, otto: User) -> None:
    performed = do(LINK, otto, account_id=account(sandbox))
    assert performed.shown["url"].startswith("http")
    everything = [*Operation.objects.values_list(), *AuditEntry.objects.values_list()]
    assert performed.shown["url"] not in str(everything)


# The door's own no


@pytest.mark.parametrize(
    ("verb", "options", "sentence"),
    [
        (CREATE, {"reason": "short"}, "at least 10 characters"),
        (CREATE, {"reason": " " * 20}, "at least 10 characters"),
        (RENAME, {}, "needs an account"),
        (NOT_IN_SANDBOX, {"account_id": "acct_1"}, "does not exist in sandbox mode"),
        (CREATE, {"wait": False}, "never stored"),
    ],
)
def test_the_door_refuses(
    verb: Any, options: dict[str, Any], sentence: str, sandbox: SandboxProcess, otto: User
) -> None:
    with pytest.raises(Denied, match=sentence):
        do(verb, otto, params=ACCOUNT, **options)
    assert (creates(sandbox), Operation.objects.count()) == (0, 0)
    assert AuditEntry.objects.get().action == "operation.denied"


@pytest.mark.parametrize(("rights", "active"), [((), True), ((PERMISSION,), False)])
def test_without_right_or_when_disabled_nothing_happens(rights: tuple[str, ...], active: bool, sandbox: Any) -> None:
    vera = person("vera", *rights, is_active=active)
    with pytest.raises(Denied, match="no permission"):
        do(CREATE, vera, params=ACCOUNT)
    assert not Operation.objects.exists()


def test_look_mode_refuses_every_write_but_not_a_reading(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    session = session_for(otto, account_id)
    for given in (session, None):
        with pytest.raises(Denied, match="look mode"):
            do(RENAME, otto, params={"name": "B"}, account_id=account_id, work_session=given)
    assert do(READ, otto, account_id=account_id, work_session=session).operation.state == State.SUCCEEDED


def test_work_mode_lends_its_reason_and_ticket(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    session = session_for(otto, account_id, WorkSession.Mode.WORK)
    operation = do(RENAME, otto, params={"name": "B"}, account_id=account_id, work_session=session, reason="").operation
    assert (operation.state, operation.reason, operation.ticket) == (State.SUCCEEDED, "Looking into a ticket", "T-7")
    assert operation.work_session == session


def test_a_session_for_another_account_refuses(sandbox: SandboxProcess, otto: User) -> None:
    session = session_for(otto, "acct_other", WorkSession.Mode.WORK)
    with pytest.raises(Denied, match="You are viewing as acct_other"):
        do(RENAME, otto, params={"name": "B"}, account_id=account(sandbox), work_session=session)


def test_a_write_without_a_connected_account_raises_before_the_network(sandbox: SandboxProcess, otto: User) -> None:
    verb = verb_that(lambda operation, _: client.post("/v1/topups", account=None, key=operation.key))
    with pytest.raises(client.NoAccount):
        do(verb, otto)
    assert sandbox.traffic() == []


# One form, one operation


def test_the_same_form_again_finds_the_first_operation(sandbox: SandboxProcess, otto: User) -> None:
    first = do(CREATE, otto, params=ACCOUNT, form_token="a" * 32)
    again = do(CREATE, otto, params=ACCOUNT, form_token="a" * 32)
    assert again.again
    assert (again.operation, creates(sandbox)) == (first.operation, 1)


def test_a_token_of_somebody_else_is_denied(sandbox: SandboxProcess, otto: User, ana: User) -> None:
    do(CREATE, otto, params=ACCOUNT, form_token="a" * 32)
    with pytest.raises(Denied, match="something else"):
        do(CREATE, ana, params=ACCOUNT, form_token="a" * 32)
    assert creates(sandbox) == 1


def test_a_token_of_another_account_or_verb_is_denied_and_audited(sandbox: SandboxProcess, otto: User) -> None:
    first, second = account(sandbox), account(sandbox)
    do(RENAME, otto, params={"name": "B"}, account_id=first, form_token="a" * 32)
    with pytest.raises(Denied, match="something else"):
        do(RENAME, otto, params={"name": "B"}, account_id=second, form_token="a" * 32)
    with pytest.raises(Denied, match="something else"):
        do(LINK, otto, account_id=first, form_token="a" * 32)
    assert Operation.objects.count() == 1
    denied = AuditEntry.objects.filter(action="operation.denied").order_by("number")
    assert list(denied.values_list("account_id", flat=True)) == [second, first]


def test_another_broken_constraint_is_no_second_click(otto: User, monkeypatch: pytest.MonkeyPatch) -> None:
    same = uuid.uuid4()
    monkeypatch.setattr(uuid, "uuid4", lambda: same)
    do(failing(Refused("no")), otto, form_token="a" * 32)
    with pytest.raises(IntegrityError):
        do(failing(Refused("no")), otto, form_token="b" * 32)


@pytest.mark.django_db(transaction=True)
def test_twenty_posts_at_once_make_one_operation_and_one_call(sandbox: SandboxProcess, otto: User) -> None:
    performed: list[Any] = []
    start = threading.Barrier(20)

    def post() -> None:
        start.wait()
        performed.append(do(CREATE, otto, params=ACCOUNT, form_token="a" * 32))
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.again for each in performed].count(False) == 1
    assert len({each.operation.pk for each in performed}) == 1
    assert (Operation.objects.count(), creates(sandbox), len(accounts_at_stripe(sandbox))) == (1, 1, 1)
    assert audit.verify().problem == ""


# Refused


def test_a_refusal_is_final_and_keeps_stripes_words(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(CREATE, otto, params={**ACCOUNT, "country": "XX"}).operation
    assert (operation.state, operation.error_param, operation.attempts) == (State.REFUSED, "country", 1)
    assert operation.error_message
    assert operation.request_id.startswith("req_")
    assert told(operation) == ["operation.intended", "operation.refused"]
    assert settle(operation, LATER).attempts == 1


@pytest.mark.parametrize("quoted", ["123456789", "123-45-6789", "123 45 6789"])
def test_a_refusal_never_repeats_a_sensitive_value(otto: User, quoted: str) -> None:
    refused = Refused(f"Invalid SSN: {quoted}", param="individual[id_number]")
    operation = do(failing(refused, sensitive=("ssn",)), otto, params={"ssn": "123456789", "name": "A"}).operation
    assert (operation.params, operation.sensitive) == ({"name": "A"}, ["ssn"])
    assert operation.error_message == "Invalid SSN: •••"
    assert quoted not in str([*Operation.objects.values_list(), *AuditEntry.objects.values_list()])


# A person decides


@pytest.fixture
def lost(sandbox: SandboxProcess, otto: User) -> Operation:
    """An operation that was not found at Stripe."""
    faults(sandbox, "500_replayed_undone")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    while operation.state == State.UNKNOWN:
        settle(operation, LATER)
    return operation


def test_send_again_is_a_new_operation_with_a_new_key(lost: Operation, sandbox: SandboxProcess, ana: User) -> None:
    new = door.send_again(lost, user=ana).operation
    lost.refresh_from_db()
    assert (new.state, new.user, new.params, new.reason) == (State.SUCCEEDED, ana, lost.params, lost.reason)
    assert new.key != lost.key
    assert (lost.state, lost.settled_by, lost.result) == (State.DROPPED, "person", {"sent_again_as": str(new.pk)})
    assert lost.audit_entries.order_by("number").last().user == ana
    assert len(accounts_at_stripe(sandbox)) == 1


def test_send_again_twice_sends_once(lost: Operation, sandbox: SandboxProcess, ana: User) -> None:
    first = door.send_again(lost, user=ana)
    again = door.send_again(lost, user=ana)
    assert (again.again, again.operation) == (True, first.operation)
    assert len(accounts_at_stripe(sandbox)) == 1


def test_what_is_sent_again_is_locked_before_the_trail(lost: Operation, ana: User) -> None:
    new = door.send_again(lost, user=ana).operation
    dropped, intended = lost.audit_entries.order_by("number").last(), new.audit_entries.order_by("number").first()
    assert (dropped.action, intended.action) == ("operation.dropped", "operation.intended")
    assert dropped.number < intended.number


def test_drop_ends_it(lost: Operation, sandbox: SandboxProcess, ana: User) -> None:
    door.drop(lost, user=ana)
    assert (lost.state, door.needs_a_person(lost)) == (State.DROPPED, False)
    with pytest.raises(Denied, match="settled meanwhile"):
        door.drop(lost, user=ana)
    with pytest.raises(Denied, match="settled meanwhile"):
        door.send_again(lost, user=ana)


def test_only_who_may_decide_decides(lost: Operation, otto: User) -> None:
    for decide in (door.drop, door.send_again):
        with pytest.raises(Denied, match="may not decide"):
            decide(lost, user=otto)


def test_sensitive_values_cannot_be_sent_again(lost: Operation, ana: User) -> None:
    Operation.objects.update(sensitive=["ssn"])
    lost.refresh_from_db()
    with pytest.raises(Denied, match="Fill in the form again"):
        door.send_again(lost, user=ana)


def test_what_an_event_settles_meanwhile_is_not_sent_again(lost: Operation, sandbox: SandboxProcess, ana: User) -> None:
    door.on_events([event_of(lost)])
    with pytest.raises(Denied, match="settled meanwhile"):
        do(CREATE, ana, params=ACCOUNT, instead_of=lost)
    lost.refresh_from_db()
    assert (lost.state, Operation.objects.count(), accounts_at_stripe(sandbox)) == (State.SUCCEEDED, 1, [])
