"""The one door: permission, reason, intent stored, call made, outcome stored. Nothing else of staff writes to Stripe.

A life: intent → sending → succeeded | refused | unknown; unknown → succeeded | refused | not_found. What needs a second
person is awaiting first, and then an intent or not_approved. What nobody but a person moves on
(Operation.objects.needing_a_person) waits as not_found, or parked without a due time.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils import timezone

from console import brakes
from console.approvals import asking
from console.approvals.asking import Needed
from console.operations import attempts, finding, sent_before, verbs
from console.operations.admission import AlreadySent, Denied, admit, record_denial
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import roles
from console.people.models import User
from console.viewing.models import WorkSession
from gateway import budget, claims, clock, connection, sweep
from gateway.commits import durable
from gateway.errors import Refused, Unreachable
from gateway.models import Event
from gateway.queue import enqueue

State = Operation.State
KEYS = "console-"  # the beginning of the idempotency keys that are made here
KEY_SECONDS = 24 * 3600 - 600  # Stripe forgets a key after 24 hours; clocks may differ a little
STALE_INTENT = timedelta(hours=24)  # what was never sent for so long is not sent as a surprise
QUIET_SECONDS = 60  # after a call without an answer Stripe may still be at work: until then "not found" says nothing
DECIDES = "console.settle_operation"  # the permission to decide what becomes of a lost one
SETTLED = "This operation has been settled meanwhile."
# What is shown once is made while somebody looks, and never behind their back.
NOBODY_SAW = {"error_code": "not_shown", "error_message": "The answer was lost before anybody saw it. Make a new one."}


@dataclass(frozen=True)
class Performed:
    """What the door answers: the operation as it stands now, and what only the waiting page may show, once."""

    operation: Operation
    shown: dict[str, Any] = field(default_factory=dict)
    again: bool = False  # this form was sent before; nothing new happened


def perform(
    verb: Verb,
    *,
    user: User,
    params: dict[str, Any],
    reason: str,
    form_token: str,
    ticket: str = "",
    account_id: str = "",
    account_name: str = "",
    object_id: str = "",
    via: str = "page",
    work_session: WorkSession | None = None,
    wait: bool = True,
    instead_of: Operation | None = None,
    rows: int = 1,
) -> Performed:
    """Store the intent, make one attempt (at most STRIPE_TIMEOUT seconds), store what came of it.

    `object_id` is what a verb with a noun acts on. The same `form_token` again gives the first operation and sends
    nothing; with anything else in it, AlreadySent. With `wait=False`, or where too many threads wait, the worker makes
    the first attempt, unless only who waits can have the answer. `instead_of` is dropped with the same commit. What
    needs a second person, as one of many `rows` may, is stored and not sent. Raises Denied; RuntimeError in a
    transaction. Three commits, one call. Rows of a bulk run go through console.operations.many.
    """
    now = wait and (verb.only_now(name for name, value in params.items() if value) or not connection.crowded())
    intent = new(
        verb,
        user=user,
        reason=reason,
        form_token=form_token,
        ticket=ticket,
        account_id=account_id,
        account_name=account_name,
        object_id=object_id,
        via=via,
        work_session=work_session,
        claimed_by=claims.claim_name() if now else sweep.QUEUED,
    )
    admit(verb, intent, params, wait=wait, one=rows == 1)
    values = keep(intent, verb, params)
    need = second(verb, intent, values, rows)
    operation = _intend(verb, intent, instead_of, need)
    if operation.pk != intent.pk or need:
        return Performed(operation, again=operation.pk != intent.pk)
    return _first_attempt(operation, verb, values) if now else _handed_on(operation)


def new(
    verb: Verb,
    *,
    user: User,
    reason: str,
    form_token: str,
    ticket: str,
    account_id: str,
    account_name: str,
    object_id: str,
    via: str,
    work_session: WorkSession | None,
    claimed_by: str,
) -> Operation:
    """An intent that is not stored yet, under a new idempotency key."""
    return Operation(
        verb=verb.name,
        user=user,
        via=via,
        work_session=work_session,
        account_id=account_id,
        account_name=account_name[:255],
        object_id=object_id,
        reason=(reason or getattr(work_session, "reason", "")).strip(),
        ticket=ticket or getattr(work_session, "ticket", ""),
        form_token=form_token,
        key=f"{KEYS}{uuid.uuid4()}",
        claimed_by=claimed_by,
        claimed_until=Operation.claim_ends(),
    )


def _handed_on(operation: Operation) -> Performed:
    """The worker makes the first attempt."""
    enqueue(Operation.task, str(operation.pk))
    return Performed(operation)


def _first_attempt(operation: Operation, verb: Verb, values: dict[str, Any]) -> Performed:
    """While the person waits; where it leaves doubt the worker goes on at once."""
    shown = attempts.attempt(operation, verb, values)
    if operation.state == State.UNKNOWN and operation.next_try_at:
        sweep.hand_over(Operation, operation.pk, operation.next_try_at)
        operation.refresh_from_db()
    return Performed(operation, shown)


def keep(intent: Operation, verb: Verb, params: dict[str, Any]) -> dict[str, Any]:
    """Have the intent keep what may be kept; returns all values as every attempt sends them."""
    values = attempts.plain({**params, verb.noun_name: intent.object_id} if verb.noun else params)
    intent.params = {name: value for name, value in values.items() if name not in verb.sensitive}
    intent.sensitive = [name for name in verb.sensitive if values.get(name)]
    return values


def second(verb: Verb, intent: Operation, values: dict[str, Any], rows: int) -> Needed | None:
    """What a second person has to approve, None where nobody need. Raises Denied for what cannot wait for one."""
    need = asking.needed(verb, intent, values, rows=rows)
    if need and (sentence := asking.cannot_wait(verb, intent, need.why)):
        record_denial(verb, intent, sentence)
        raise Denied(sentence)
    if need:
        intent.state, intent.claimed_by, intent.claimed_until = State.AWAITING, "", None
    return need


def send_approved(operation: Operation, verb: Verb) -> Performed:
    """Make the first attempt at what was just let go under a claim of this process, or have the worker make it.

    The worker puts off what a brake stops, and what is of a bulk run that was stopped.
    """
    stopped = brakes.objection(verb, operation.account_id, operation.params) or is_of_stopped_run(operation)
    if connection.crowded() or stopped:
        Operation.objects.filter(pk=operation.pk).held(operation.claimed_by).update(claimed_by=sweep.QUEUED)
        return _handed_on(operation)
    return _first_attempt(operation, verb, operation.params)


def _intend(verb: Verb, intent: Operation, instead_of: Operation | None, need: Needed | None) -> Operation:
    """Commit the intent, or find the one that this form made first; another use is refused and audited."""
    try:
        with durable():
            intent.save(force_insert=True)
            if instead_of:  # before the trail's lock: who settles that one holds it, and then waits for the trail
                _close_for(instead_of, intent.user, {"sent_again_as": str(intent.pk)})
            attempts.record(intent, "intended")
            if need:
                asking.ask(intent, need)
    except IntegrityError:
        first = Operation.objects.filter(form_token=intent.form_token).first()
        if first is None:
            raise
        refuse_another_use(verb, first, intent)
        return first
    return intent


def refuse_another_use(verb: Verb, first: Operation, intent: Operation) -> None:
    """Raise AlreadySent, with an audit row without values, unless the two are the same form sent twice."""
    same = sent_before.drawn_for(verb, first) == sent_before.drawn_for(verb, intent)
    names = sent_before.differing(first, intent) if same else []
    if same and not names:
        return
    what = f"other values ({', '.join(names)})" if names else "something else"
    record_denial(verb, intent, f"The form of operation {first.pk} was sent again for {what}.")
    raise AlreadySent(sent_before.sentence(first, names, intent.user), first)


def settle(operation_id: str, at: datetime | None = None) -> None:
    """Move one operation on by one step: proof in an event, else the same key again, else a look-up.

    Safe to run twice and at once with anything: what another process holds, or is not due, it leaves alone. At most
    one API call, in the lane of the bulk run that it is of, if any.
    """
    at = at or timezone.now()
    ours = Operation.objects.due(at) | Operation.objects.held(sweep.QUEUED)
    claimed = ours.filter(pk=operation_id).claim(by=claims.claim_name(), until=Operation.claim_ends(at))
    for operation in claimed:
        claim = operation.claimed_by
        try:
            _settle(operation, at)
        except (OperationalError, InterfaceError):  # trouble of the database, and no fault of this operation's
            raise
        except Exception as fault:
            _count_fault(operation, claim, fault)
            raise


def _count_fault(operation: Operation, claim: str, fault: Exception) -> None:
    """Store a fault of ours outside of a call, where `claim` still holds it: after some of them a person is asked."""
    operation.refresh_from_db()
    if operation.claimed_by == claim and operation.settled_at is None:
        sent = operation.state != State.INTENT
        problem = Unreachable(f"The console itself failed ({type(fault).__name__}).", sent=sent)
        attempts.put_off(operation, problem, doubt=sent, crashed=sent)


def _settle(operation: Operation, at: datetime) -> None:
    if attempts.settle_by_event(operation):
        return
    run = _run_of(operation)
    if run is None:
        _step(operation, at)
        return
    with budget.lane(budget.URGENT if run.urgent else budget.BULK_AGAIN):
        _step(operation, at, stopped=run.stopped)


@dataclass(frozen=True)
class _RunOf:
    """What the bulk run says of its operation."""

    urgent: bool
    stopped: bool


def _run_of(operation: Operation) -> _RunOf | None:
    """What its bulk run says, None where it is of none. One query."""
    found = Operation.objects.filter(pk=operation.pk, bulk_row__isnull=False)
    told = found.values_list("bulk_row__run__urgent", "bulk_row__run__state").first()
    return _RunOf(told[0], told[1] == "stopped") if told else None


def is_of_stopped_run(operation: Operation) -> bool:
    """Whether it is not sent since its bulk run was stopped. One query."""
    run = _run_of(operation)
    return bool(run and run.stopped)


def _step(operation: Operation, at: datetime, *, stopped: bool = False) -> None:
    verb = verbs.find(operation.verb)
    if verb is None:  # of another version: only a person, or an event, can settle it
        unsent = operation.state == State.INTENT
        attempts.wait(operation, operation.tries, None, state=State.INTENT if unsent else State.UNKNOWN)
    elif verb.result_template:
        attempts.finish(operation, State.REFUSED, by="find", changes=NOBODY_SAW)
    elif operation.state == State.SENDING:
        # Its process ended while it was sending: that try is stored now, and whether it arrived is not known.
        attempts.put_off(operation, attempts.crash("the process ended"), doubt=True, crashed=True)
        if operation.next_try_at:
            sweep.hand_over(Operation, operation.pk, operation.next_try_at)
    elif not _may_send(operation, at):
        _look_up(operation, verb, at)
    elif operation.approved_at and not finding.in_doubt(operation) and asking.changed_since(operation, verb):
        attempts.finish(operation, State.REFUSED, by="find", changes=asking.CHANGED)
    elif braked := brakes.objection(verb, operation.account_id, operation.params):
        attempts.brake(operation, braked)
        if not brakes.objection(verb, operation.account_id, operation.params):  # lifted while it was put off
            Operation.objects.braked().filter(pk=operation.pk).update(next_try_at=at, braked_at=None)
    elif stopped and operation.state == State.INTENT:
        _hold(operation, at)
    else:
        attempts.attempt(operation, verb, operation.params)


def _hold(operation: Operation, at: datetime) -> None:
    """Put off what its stopped run did not come to; it is due when the run is resumed (console.bulk.runs)."""
    attempts.wait(operation, operation.tries, at + attempts.BRAKED_PAUSE, state=State.INTENT)
    if not is_of_stopped_run(operation):  # resumed while it was put off
        Operation.objects.waiting().filter(pk=operation.pk, claimed_until=None).update(next_try_at=at)


def _may_send(operation: Operation, at: datetime) -> bool:
    """Whether sending with the same key is safe: it cannot make a second object, nor come as a surprise."""
    if operation.sensitive or any(each["replayed"] for each in operation.tries):
        return False
    if operation.state == State.INTENT:
        return at < (operation.approved_at or operation.created_at) + STALE_INTENT
    return clock.timestamp() < (operation.first_tried_at or 0) + KEY_SECONDS


def _look_up(operation: Operation, verb: Verb, at: datetime) -> None:
    """Ask Stripe for what the operation may have made; nothing there → not_found, for a person to decide."""
    never_sent = operation.state == State.INTENT
    try:
        outcome = None if never_sent else verb.find(operation)
    except Unreachable:
        attempts.wait(operation, operation.tries, at + timedelta(seconds=QUIET_SECONDS), state=State.UNKNOWN)
        return
    except Refused:
        attempts.wait(operation, operation.tries, None, state=State.UNKNOWN)
        return
    if outcome:
        attempts.succeed(operation, outcome, by="find")
    elif never_sent or at >= _quiet_until(operation):
        attempts.finish(operation, State.NOT_FOUND, by="find", changes={})
    else:
        attempts.wait(operation, operation.tries, _quiet_until(operation), state=State.UNKNOWN)


def _quiet_until(operation: Operation) -> datetime:
    """From when on nothing of this operation can still be under way at Stripe (wall time)."""
    last = operation.tries[-1]
    answered = last["replayed"] or last["status"]
    return datetime.fromisoformat(last["at"]) + timedelta(seconds=0 if answered else QUIET_SECONDS)


def on_events(events: Iterable[Event]) -> None:
    """Settle what these events prove. A call that still runs settles itself; called after the events' commit."""
    keys = [event.idempotency_key for event in events if event.idempotency_key]
    open_to_events = Operation.objects.filter(key__in=keys, state__in=attempts.OPEN_TO["event"])
    for operation in open_to_events.exclude(claimed_until__gt=timezone.now(), state=State.SENDING):
        attempts.settle_by_event(operation)


def needs_a_person(operation: Operation) -> bool:
    """Whether nothing but a person, or a late event, moves it on."""
    return Operation.objects.needing_a_person().filter(pk=operation.pk).exists()


def send_again(operation: Operation, *, user: User, reason: str = "") -> Performed:
    """A new operation with the same params and a new key, the old one dropped with the same commit.

    Once: a second click finds the new one. Raises Denied without `console.settle_operation` or the verb's own
    permission, when it was settled meanwhile, or when it had sensitive values: they were never stored.
    """
    token = f"again-{operation.pk.hex}"
    first = Operation.objects.filter(form_token=token).first()
    if first:
        return Performed(first, again=True)
    _may_decide(operation, user)
    if operation.sensitive:
        raise Denied("Its sensitive values were never stored. Fill in the form again.")
    return perform(
        verbs.get(operation.verb),
        user=user,
        params=operation.params,
        reason=reason or operation.reason,
        ticket=operation.ticket,
        account_id=operation.account_id,
        account_name=operation.account_name,
        object_id=operation.object_id,
        form_token=token,
        instead_of=operation,
    )


def drop(operation: Operation, *, user: User) -> None:
    """It will not be sent again. Raises Denied as send_again does."""
    _may_decide(operation, user)
    with durable():
        _close_for(operation, user, {})


def _may_decide(operation: Operation, user: User) -> None:
    if not (user.is_active and user.has_perm(DECIDES)):
        who = roles.who_may(DECIDES)
        raise Denied(f"{user.get_username()} may not decide what becomes of an operation. {who} can.")
    if not needs_a_person(operation):
        raise Denied(SETTLED)


def _close_for(operation: Operation, user: User, result: dict[str, Any]) -> None:
    decidable = Operation.objects.needing_a_person().filter(pk=operation.pk)
    if not decidable.select_for_update(of=("self",), no_key=True).exists():
        raise Denied(SETTLED)
    attempts.close(operation, State.DROPPED, by="person", changes={"result": result}, user=user)
