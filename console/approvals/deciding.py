"""What becomes of an approval: another person approves or refuses it, its requester withdraws it, or it runs out.

Whoever comes second changes nothing: the row is locked, and only what waits is decided. Approving lets the operation go
and makes its first attempt as the door does; from then on it is an operation like every other.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from console.approvals import asking, exact, policy, waiting
from console.approvals.exact import Exact
from console.approvals.models import Approval
from console.operations import door, rights, verbs
from console.operations.admission import Denied, held_by
from console.operations.door import Performed
from console.operations.fields import REASON_LENGTH
from console.operations.models import Operation
from console.people import roles
from console.people.models import User
from console.viewing import sessions
from gateway import claims, texts
from gateway.commits import durable

State = Approval.State
APPROVES = "console.approve_operation"  # beside the verb's own permission
BATCH = 200  # waiting approvals that one sweep looks at
EXPIRED = "Nobody decided within 24 hours."
NOT_HERE = "What it is about is not here any more."


class Changed(Denied):
    """What was asked for is not what would be sent any more: the approval is void."""


class SeenOther(Denied):
    """Something beside the request is another than the page showed: nothing was sent, look again."""


def objection(approval: Approval, user: User) -> str:
    """Why this person may not decide it, or "". At most two queries."""
    if approval.requester_id == user.pk:
        return "You asked for it: another person decides."
    needed = permissions(approval)
    return "" if user.is_active and user.has_perms(needed) else f"You cannot decide this. {roles.who_may(*needed)} can."


def permissions(approval: Approval) -> tuple[str, ...]:
    """What whoever decides it needs."""
    verb = verbs.find(approval.operation.verb)
    return (APPROVES, *(verb.permissions_for(approval.operation) if verb else ()))


def stale(approval: Approval, now: Exact | None) -> list[str]:
    """What makes it void: sentences about what changed since it was asked for, given what would be sent now."""
    operation, requester = approval.operation, approval.requester
    verb = verbs.find(operation.verb)
    if verb is None or now is None:
        return [NOT_HERE]
    found = [] if approval.policy_version == policy.current().version else ["The policy was changed."]
    if not rights.still(requester, verb, operation) or settings.CONSOLE_MODE not in verb.modes:
        found.append(f"{requester.get_username()} may not do it any more.")
    if sentence := verb.objection(now.row) if now.row is not None else "":
        return [*found, sentence]
    found += [each.sentence for each in exact.differences(approval.request, now.data)]
    return found if found or approval.digest == now.digest else ["What would be sent has changed."]


def approve(approval: Approval, *, user: User, seen: str, note: str = "") -> Performed:
    """Let it go and send it. `seen` is the digest of what this person was shown (Exact.seen).

    Raises Changed where it is void by that, SeenOther, and Denied for who may not, and for what is decided already.
    Must not be called inside a transaction. Two commits and one API call.
    """
    _may_decide(approval, user)
    problem = ""
    with durable():
        approval = _waiting(approval)
        now = _read_locked(approval.operation)
        if found := stale(approval, now):
            problem = " ".join(found)
            _end(approval, State.VOID, problem)
        elif now is None or now.seen != seen:
            raise SeenOther("Something that this page showed has changed: nothing was sent. Look at it again.")
        else:
            _let_go(approval, user, note)
    if problem:
        raise Changed(f"It is void, and nothing was sent: {problem}")
    return door.send_approved(approval.operation, verbs.get(approval.operation.verb))


def _let_go(approval: Approval, user: User, note: str) -> None:
    at = timezone.now()
    approval.state, approval.approver, approval.decided_at, approval.note = State.APPROVED, user, at, note
    approval.save(update_fields=["state", "approver", "decided_at", "note"])
    operation = approval.operation
    claim = {"claimed_by": claims.claim_name(), "claimed_until": Operation.claim_ends()}
    changes: dict[str, Any] = {"state": Operation.State.INTENT, "approved_at": at, **claim}
    Operation.objects.filter(pk=operation.pk, state=Operation.State.AWAITING).update(**changes)
    operation.refresh_from_db()
    asking.record(approval, "approved", user=user, reason=note)


def refuse(approval: Approval, *, user: User, note: str) -> None:
    """Say no, with a reason that the requester reads. Raises Denied as `approve` does, and without a reason."""
    if len(texts.readable(note)) < REASON_LENGTH:
        raise Denied(f"Say why, in at least {REASON_LENGTH} characters: {approval.requester.get_username()} reads it.")
    _may_decide(approval, user)
    with durable():
        _end(_waiting(approval), State.REFUSED, note.strip(), user=user)


def withdraw(approval: Approval, *, user: User) -> None:
    """Take it back. Raises Denied for everybody but its requester, and for what is decided already."""
    if approval.requester_id != user.pk:
        raise Denied(f"Only {approval.requester.get_username()}, who asked, can withdraw it. Refuse it instead.")
    with durable():
        _end(_waiting(approval), State.WITHDRAWN, "", user=user)


def sweep(at: datetime | None = None) -> int:
    """End what nobody decided in time, and what would not be sent as it was asked for any more; how many. Safe to run
    twice and at once with anything.
    """
    at, ended = at or timezone.now(), 0
    found = Approval.objects.waiting().select_related("operation", "requester").order_by("asked_at")[:BATCH]
    for approval in found:
        over = approval.until <= at
        if over or stale(approval, exact.read(approval.operation)):
            ended += _end_if(approval, lambda own: own.until <= at)
    return ended


def _end_if(approval: Approval, overdue: Callable[[Approval], bool]) -> bool:
    """End it where, with its rows locked, that still holds."""
    with durable():
        own = Approval.objects.select_for_update(no_key=True).waiting().filter(pk=approval.pk).first()
        if own is None:
            return False
        found = [] if overdue(own) else stale(own, _read_locked(own.operation))
        if found or overdue(own):
            _end(own, State.VOID if found else State.EXPIRED, " ".join(found) or EXPIRED)
        return bool(found) or overdue(own)


def ask_again(approval: Approval, *, user: User) -> Performed:
    """A new operation with the same values, which goes through the door anew; once. Raises Denied as the door does."""
    operation, token = approval.operation, f"asked-{approval.pk.hex}"
    first = Operation.objects.filter(form_token=token).first()
    if first is None:
        _may_answer(approval, user)
        first = door.perform(
            verb := verbs.get(operation.verb),
            user=user,
            params=verb.anew(operation.params),
            reason=operation.reason,
            ticket=operation.ticket,
            account_id=operation.account_id,
            account_name=operation.account_name,
            object_id=operation.object_id,
            form_token=token,
        ).operation
    _answered(approval)
    return Performed(first)


def leave(approval: Approval, *, user: User) -> None:
    """Note that nothing more is to become of it. Raises Denied as `ask_again` does."""
    _may_answer(approval, user)
    _answered(approval)


def _answered(approval: Approval) -> None:
    Approval.objects.filter(pk=approval.pk).update(unanswered=False)
    waiting.forget()


def may_answer(approval: Approval, user: User) -> bool:
    """Whether this person says what becomes of what came to nothing: its requester; another where that one is gone."""
    mine = approval.requester_id == user.pk
    return approval.unanswered and (mine or (not approval.requester.is_active and user.has_perm(APPROVES)))


def _may_answer(approval: Approval, user: User) -> None:
    if not may_answer(approval, user):
        raise Denied(f"{approval.requester.get_username()} asked for it, and says what becomes of it.")
    if verbs.find(approval.operation.verb) is None:
        raise Denied("This version of the console does not know it any more.")


def _may_decide(approval: Approval, user: User) -> None:
    """Raise Denied, with an audit row, unless this person may decide it; and where a work session holds it."""
    verb, operation = verbs.find(approval.operation.verb), approval.operation
    sentence = objection(approval, user)
    about = Operation(account_id=operation.account_id, account_name=operation.account_name)
    if not sentence and verb and (way := held_by(sessions.open_of(user), verb, about)):
        sentence = way.sentence
    if sentence:
        with durable():
            asking.record(approval, "denied", user=user, reason="", why=sentence)
        raise Denied(sentence)


def _waiting(approval: Approval) -> Approval:
    """The row, locked, as it stands now. Raises Denied where it waits no more."""
    rows = Approval.objects.select_for_update(of=("self",), no_key=True).select_related("operation__user", "requester")
    own = rows.get(pk=approval.pk)
    if not own.open:
        raise Denied(over(own))
    return own


def over(approval: Approval) -> str:
    """What became of it, for who comes too late."""
    if approval.state in (State.APPROVED, State.REFUSED) and approval.approver:
        return f"{approval.approver.get_username()} has {approval.get_state_display().lower()} it already."
    return f"It is {approval.get_state_display().lower() if approval.state != State.WAITING else 'expired'}."


def _read_locked(operation: Operation) -> Exact | None:
    """What would be sent now, with the object, else the account, locked so that it stays so until the commit."""
    verb = verbs.find(operation.verb)
    row: Any = verb and verb.row(operation.account_id, operation.object_id)
    if row is not None:
        type(row).objects.select_for_update(no_key=True).filter(pk=row.pk).first()
    return exact.read(operation)


def _end(approval: Approval, state: State, note: str, *, user: User | None = None) -> None:
    """Store that it came to nothing: the operation is not sent, and its requester sees why."""
    at = timezone.now()
    approval.state, approval.note, approval.decided_at = state, note, at
    approval.approver = user if state == State.REFUSED else None
    approval.unanswered = state != State.WITHDRAWN
    approval.save(update_fields=["state", "note", "decided_at", "approver", "unanswered"])
    own = Operation.objects.filter(pk=approval.operation_id, state=Operation.State.AWAITING)
    own.settle(state=Operation.State.NOT_APPROVED, settled_at=at, settled_by="approval", error_message=note)
    asking.record(approval, str(state), user=user, reason=note if user else "", changed="" if user else note)
