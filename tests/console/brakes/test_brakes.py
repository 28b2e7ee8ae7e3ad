"""What a brake stops, and what it never stops; at the door and in the worker; and who lifts it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from console import brakes
from console.brakes import changes, standing
from console.brakes.changes import Impossible
from console.brakes.models import Brake
from console.operations import door, verbs
from console.operations.admission import Braked
from console.operations.models import Operation
from console.people.models import User
from console.record.models import AuditEntry
from gateway import sweep
from tests.console.acting import (
    PERMISSION,
    READ,
    RENAME,
    account,
    creates,
    do,
    faults,
    person,
    registered,
    settle,
    told,
)
from tests.console.brakes.acting import OVER, WHY, administrator, set_brake
from tests.people import ACCOUNT, OTHER_ACCOUNT, known_accounts
from tests.people import person as person_of
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State
TOPUP, FREEZE, CANCEL = "issuing.create_topup", "issuing.deactivate_card", "issuing.cancel_card"


def stops(name: str, account_id: str = ACCOUNT, **params: Any) -> bool:
    """Whether a verb of the rooms is stopped for an account now."""
    return bool(brakes.objection(verbs.get(name), account_id, params))


def test_nothing_is_stopped_without_a_brake() -> None:
    assert not stops(TOPUP)
    assert standing.banner("/", may_see=True) is None


def test_all_writes_are_stopped_but_what_reads_and_what_lowers_risk() -> None:
    set_brake("all")
    assert stops(TOPUP)
    assert stops("issuing.activate_card")
    assert stops("accounts.create_account", "")
    assert not stops(FREEZE)
    assert not stops("issuing.deactivate_cardholder")
    assert not stops("accounts.refresh")
    assert stops(CANCEL)
    assert not stops(CANCEL, cancellation_reason="lost")


def test_money_is_stopped_alone() -> None:
    set_brake("money")
    assert stops(TOPUP)
    assert not stops("issuing.activate_card")


def test_canceling_a_topup_moves_no_money_and_falls_under_all_other_brakes() -> None:
    known_accounts()
    set_brake("money")
    assert not stops("issuing.cancel_topup")
    for scope, target in (("all", ""), ("verb", "issuing.cancel_topup"), ("account", ACCOUNT)):
        brake = set_brake(scope, target)
        assert stops("issuing.cancel_topup")
        changes.lift(brake, administrator(), reason=OVER)


def test_one_act_is_stopped_alone() -> None:
    set_brake("verb", "issuing.activate_card")
    assert stops("issuing.activate_card")
    assert not stops("issuing.create_card")


def test_one_account_is_stopped_alone() -> None:
    known_accounts()
    set_brake("account", ACCOUNT)
    assert stops("issuing.activate_card")
    assert not stops("issuing.activate_card", OTHER_ACCOUNT)
    assert not stops("accounts.create_account", "")


def test_the_sentence_says_what_who_since_when_and_why() -> None:
    brake = set_brake("money")
    said = brakes.objection(verbs.get(TOPUP), ACCOUNT)
    assert said.startswith("All that moves money is stopped since ")
    assert f"by ana: {WHY}" in said
    assert f"{brake.set_at:%H:%M} UTC" in said


@pytest.mark.parametrize(
    ("scope", "target", "words"),
    [
        ("verb", "issuing.no_such", "no act"),
        ("verb", FREEZE, "lowers risk"),
        ("verb", "accounts.refresh", "only reads"),
        ("account", "acct_nobody", "No account acct_nobody."),
        ("account", "", "Name the account."),
    ],
)
def test_what_cannot_be_stopped_says_why(scope: str, target: str, words: str) -> None:
    with pytest.raises(Impossible, match=words):
        set_brake(scope, target)
    assert not Brake.objects.exists()


def test_a_brake_stands_once() -> None:
    set_brake("money")
    with pytest.raises(Impossible, match="already"):
        set_brake("money")
    changes.lift(Brake.objects.get(), administrator(), reason=OVER)
    set_brake("money")
    assert Brake.objects.count() == 2


@pytest.mark.parametrize("who", ["otto", "sam", "vera"])
def test_administrators_alone_set_and_lift(who: str) -> None:
    with pytest.raises(Impossible, match="may not set or lift"):
        changes.set_brake(person_of(who), "all", reason=WHY)
    brake = set_brake("all")
    with pytest.raises(Impossible, match="may not set or lift"):
        changes.lift(brake, person_of(who), reason=OVER)
    with pytest.raises(Impossible, match="may not set or lift"):
        changes.confirm(brake, person_of(who))
    assert Brake.objects.standing().count() == 1


def test_each_change_is_in_the_audit_trail(settings: Any) -> None:
    settings.CONSOLE_MODE = "live"
    known_accounts()
    brake, eve = set_brake("account", ACCOUNT, ticket="INC-1"), administrator("eve")
    changes.lift(brake, eve, reason=OVER)
    brake.refresh_from_db()
    changes.withdraw(brake, administrator())
    changes.lift(brake, eve, reason=OVER)
    brake.refresh_from_db()
    changes.confirm(brake, administrator())
    entries = AuditEntry.objects.filter(action__startswith="brake.").order_by("number")
    assert [(each.action, each.user_name) for each in entries] == [
        ("brake.set", "ana"),
        ("brake.lift_asked", "eve"),
        ("brake.lift_withdrawn", "ana"),
        ("brake.lift_asked", "eve"),
        ("brake.lifted", "ana"),
    ]
    assert {(each.account_id, each.account_name, each.ticket) for each in entries} == {
        (ACCOUNT, "Alder Freight", "INC-1")
    }
    assert [each.reason for each in entries] == [WHY, *[OVER] * 4]


# In live mode two lift it


def test_in_live_mode_another_administrator_lifts_it(settings: Any) -> None:
    settings.CONSOLE_MODE = "live"
    brake = changes.lift(set_brake("all"), administrator(), reason=OVER)
    assert not brake.lifted_at
    assert stops(TOPUP)
    with pytest.raises(Impossible, match="another administrator confirms"):
        changes.confirm(brake, administrator())
    with pytest.raises(Impossible, match="ana has asked for that meanwhile"):
        changes.lift(brake, administrator("eve"), reason=OVER)
    assert stops(TOPUP)
    eve = User.objects.get(username="eve")
    assert changes.confirm(brake, eve).lifted_by == eve
    assert not stops(TOPUP)
    with pytest.raises(Impossible, match="lifted meanwhile"):
        changes.confirm(brake, eve)


def test_what_was_asked_is_confirmed_as_it_was_read(settings: Any) -> None:
    settings.CONSOLE_MODE = "live"
    ana, eve = administrator(), administrator("eve")
    seen = changes.lift(set_brake("all"), ana, reason=OVER)
    changes.withdraw(seen, ana)
    with pytest.raises(Impossible, match="another one now"):
        changes.confirm(seen, eve)
    changes.lift(seen, ana, reason="Something else altogether")
    with pytest.raises(Impossible, match="another one now"):
        changes.confirm(seen, eve)
    assert stops(TOPUP)


@pytest.mark.parametrize("asked_by", ["nobody", "the same"])
def test_the_database_refuses_one_person_alone_in_live_mode(asked_by: str, settings: Any) -> None:
    settings.CONSOLE_MODE = "live"
    brake, ana = set_brake("all"), administrator()
    asked = ana if asked_by == "the same" else None
    with pytest.raises(IntegrityError), transaction.atomic():
        Brake.objects.filter(pk=brake.pk).update(lifted_by=ana, lifted_at=timezone.now(), lift_asked_by=asked)
    assert stops(TOPUP)


# The door


@pytest.fixture
def otto() -> Any:
    with registered():
        yield person("otto", PERMISSION)


def test_the_door_stores_and_sends_nothing(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    set_brake("verb", RENAME.name)
    before = creates(sandbox, f"/v1/accounts/{account_id}")
    with pytest.raises(Braked, match="“Rename account” is stopped"):
        do(RENAME, otto, account_id=account_id, params={"name": "B"})
    assert not Operation.objects.exists()
    assert creates(sandbox, f"/v1/accounts/{account_id}") == before
    denied = AuditEntry.objects.get(action="operation.denied")
    assert denied.user == otto
    assert WHY in denied.detail["why"]


def test_reading_goes_on(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    set_brake("all")
    assert do(READ, otto, account_id=account_id).operation.state == State.SUCCEEDED


def test_a_double_click_finds_what_was_done_before_the_brake(sandbox: SandboxProcess, otto: User) -> None:
    account_id, token = account(sandbox), uuid.uuid4().hex
    given = {"account_id": account_id, "params": {"name": "B"}, "form_token": token}
    first = do(RENAME, otto, **given).operation
    set_brake("all")
    assert do(RENAME, otto, **given).operation == first
    with pytest.raises(Braked):
        do(RENAME, otto, **{**given, "form_token": uuid.uuid4().hex})


# The worker


def test_what_waits_is_put_off_and_goes_on_when_the_brake_is_lifted(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    operation = do(RENAME, otto, account_id=account_id, params={"name": "B"}, wait=False).operation
    brake = set_brake("account", account_id)
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.attempts, operation.tries) == (State.INTENT, 0, [])
    assert operation.braked_at
    assert operation.next_try_at
    assert operation.next_try_at > timezone.now()
    assert told(operation) == ["operation.intended", "operation.braked"]
    settle(operation, timedelta(minutes=11))  # looked at again, and put off again without another row of the trail
    assert told(operation) == ["operation.intended", "operation.braked"]
    changes.lift(brake, administrator(), reason=OVER)
    sweep.over(Operation)
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.attempts, operation.braked_at) == (State.SUCCEEDED, 1, None)


def test_what_is_in_doubt_is_not_sent_again_under_a_brake(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    faults(sandbox, "reset_before", match=f"POST /v1/accounts/{account_id}")
    operation = do(RENAME, otto, account_id=account_id, params={"name": "B"}).operation
    assert operation.state == State.UNKNOWN
    sent = creates(sandbox, f"/v1/accounts/{account_id}")
    brake = set_brake("all")
    settle(operation, timedelta(minutes=2))
    assert (operation.state, creates(sandbox, f"/v1/accounts/{account_id}")) == (State.UNKNOWN, sent)
    changes.lift(brake, administrator(), reason=OVER)
    assert settle(operation).state == State.SUCCEEDED


def test_another_brake_puts_it_off_again(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    operation = do(RENAME, otto, account_id=account_id, params={"name": "B"}, wait=False).operation
    first, _ = set_brake("all"), set_brake("account", account_id)
    door.settle(str(operation.pk))
    changes.lift(first, administrator(), reason=OVER)
    assert settle(operation).state == State.INTENT
    assert told(operation) == ["operation.intended", "operation.braked", "operation.braked"]


def test_a_brake_that_is_lifted_while_the_worker_puts_it_off_holds_nothing(
    sandbox: SandboxProcess, otto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = do(RENAME, otto, account_id=account(sandbox), params={"name": "B"}, wait=False).operation
    said = iter(["All is stopped", ""])
    with monkeypatch.context() as patched:
        patched.setattr(brakes, "objection", lambda *_: next(said))
        door.settle(str(operation.pk))
    assert settle(operation).state == State.SUCCEEDED


def test_what_is_older_than_a_day_waits_for_a_person(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(RENAME, otto, account_id=account(sandbox), params={"name": "B"}, wait=False).operation
    brake = set_brake("all")
    door.settle(str(operation.pk))
    Operation.objects.update(created_at=timezone.now() - timedelta(hours=25))
    changes.lift(brake, administrator(), reason=OVER)
    assert settle(operation).state == State.NOT_FOUND
