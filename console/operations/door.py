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

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from console import brakes
from console.approvals import asking
from console.approvals.asking import Needed
from console.operations import attempts, sent_before, verbs
from console.operations.fields import REASON_LENGTH
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import roles
from console.people.models import User
from console.record import audit
from console.viewing import sessions
from console.viewing.held import Held, held
from console.viewing.models import WorkSession
from gateway import claims, clock, connection, sweep, texts
from gateway.errors import Refused, Unreachable
from gateway.mirror import Mirror
from gateway.models import Event
from gateway.queue import enqueue

State = Operation.State
KEY_SECONDS = 24 * 3600 - 600  # Stripe forgets a key after 24 hours; clocks may differ a little
STALE_INTENT = timedelta(hours=24)  # what was never sent for so long is not sent as a surprise
QUIET_SECONDS = 60  # after a call without an answer Stripe may still be at work: until then "not found" says nothing
DECIDES = "console.settle_operation"  # the permission to decide what becomes of a lost one
SETTLED = "This operation has been settled meanwhile."
# What is shown once is made while somebody looks, and never behind their back.
NOBODY_SAW = {"error_code": "not_shown", "error_message": "The answer was lost before anybody saw it. Make a new one."}


class Denied(Exception):  # noqa: N818  (said as staff read it)
    """The console's own no, before anything is stored or sent. `str()` is the sentence for staff."""


class Braked(Denied):
    """A brake stands against it: it can be done once that is lifted."""


class AlreadySent(Denied):
    """This form was sent before, by somebody else or with something else: `first` is what it made."""

    def __init__(self, sentence: str, first: Operation) -> None:
        super().__init__(sentence)
        self.first = first


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
    of_run: bool = False,
    rows: int = 1,
) -> Performed:
    """Store the intent, make one attempt (at most STRIPE_TIMEOUT seconds), store what came of it.

    `object_id` is the one object that a verb with a noun acts on, of this account. The same `form_token` again gives
    the first operation and sends nothing; with anything else in it, AlreadySent. With `wait=False` the worker makes the
    first attempt; so it does where too many threads of the web server wait for Stripe already, unless only somebody
    who waits can have the answer. `instead_of` is dropped with the same commit. What needs a second person, as one of
    many `rows` may, is stored and not sent. `of_run`: of a bulk run, which asked about the work session when it began,
    and waits for a brake. Raises Denied, never Refused or Unreachable; RuntimeError in a transaction. Three commits.
    """
    now = wait and (verb.only_now(name for name, value in params.items() if value) or not connection.crowded())
    intent = Operation(
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
        key=f"console-{uuid.uuid4()}",
        claimed_by=claims.claim_name() if now else sweep.QUEUED,
        claimed_until=Operation.claim_ends(),
    )
    _admit(verb, intent, params, wait=wait, of_run=of_run)
    values = _keep(intent, verb, params)
    need = _second(verb, intent, values, rows)
    operation = _intend(verb, intent, instead_of, need)
    if operation.pk != intent.pk or need:
        return Performed(operation, again=operation.pk != intent.pk)
    return _first_attempt(operation, verb, values) if now else _handed_on(operation)


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


def _keep(intent: Operation, verb: Verb, params: dict[str, Any]) -> dict[str, Any]:
    """Have the intent keep what may be kept; returns all values as every attempt sends them."""
    values = attempts.plain({**params, verb.noun_name: intent.object_id} if verb.noun else params)
    intent.params = {name: value for name, value in values.items() if name not in verb.sensitive}
    intent.sensitive = [name for name in verb.sensitive if values.get(name)]
    return values


def _second(verb: Verb, intent: Operation, values: dict[str, Any], rows: int) -> Needed | None:
    """What a second person has to approve, None where nobody need. Raises Denied for what cannot wait for one."""
    need = asking.needed(verb, intent, values, rows=rows)
    if need and (sentence := asking.cannot_wait(verb, intent, need.why)):
        _record_denial(verb, intent, sentence)
        raise Denied(sentence)
    if need:
        intent.state, intent.claimed_by, intent.claimed_until = State.AWAITING, "", None
    return need


def send_approved(operation: Operation, verb: Verb) -> Performed:
    """Make the first attempt at what was just let go under a claim of this process, or have the worker make it.

    The worker puts off what a brake stops.
    """
    if connection.crowded() or brakes.objection(verb, operation.account_id, operation.params):
        Operation.objects.filter(pk=operation.pk).held(operation.claimed_by).update(claimed_by=sweep.QUEUED)
        return _handed_on(operation)
    return _first_attempt(operation, verb, operation.params)


def _admit(verb: Verb, intent: Operation, params: dict[str, Any], *, wait: bool, of_run: bool) -> None:
    """Raise Denied, with an audit row, unless this person may do this here, now, with this reason."""
    sentence = _objection(verb, intent)
    if not sentence and (stopped := brakes.objection(verb, intent.account_id, params)) and not _known(intent):
        if not of_run:  # its rows wait, and are no denials
            _record_denial(verb, intent, stopped)
        raise Braked(stopped)
    if not (sentence or of_run) and (way := held_by(sessions.open_of(intent.user), verb, intent)):
        sentence = way.sentence
    if not sentence and verb.asks_row:
        sentence = row_objection(verb, intent, verb.row(intent.account_id, intent.object_id))
    if not sentence and verb.sensitive and not wait:
        sentence = f"“{verb.label}” takes values that are never stored: it runs for one account, while you wait."
    if sentence:
        _record_denial(verb, intent, sentence)
        raise Denied(sentence)


def _record_denial(verb: Verb, intent: Operation, why: str) -> None:
    with transaction.atomic():
        audit.record(
            "operation.denied",
            user=intent.user,
            account_id=intent.account_id,
            account_name=intent.account_name,
            subject=intent.object_id or intent.account_id,
            reason=intent.reason,
            ticket=intent.ticket,
            detail={"verb": verb.name, "via": intent.via, "why": why},
        )


def _objection(verb: Verb, intent: Operation) -> str:
    if not (intent.user.is_active and intent.user.has_perm(verb.permission)):
        name, who = intent.user.get_username(), roles.who_may(verb.permission)
        return f"{name} has no permission for “{verb.label}”. {who} has."
    if settings.CONSOLE_MODE not in verb.modes:
        return f"“{verb.label}” does not exist in {settings.CONSOLE_MODE} mode."
    if verb.about_account != bool(intent.account_id):
        return f"“{verb.label}” {'needs an account' if verb.about_account else 'is not about one account'}."
    if len(texts.readable(intent.reason)) < REASON_LENGTH:
        return f"A reason of at least {REASON_LENGTH} characters is needed."
    return ""


def row_objection(verb: Verb, intent: Operation, row: Mirror | None) -> str:
    """What the object, else the account, says against it, or "": that it is not there, or that it never can be.

    Nothing against a form that was sent before: it may be what made it so. At most one query.
    """
    if row is None:
        return f"There is no {verb.noun_name or 'account'} {intent.object_id or intent.account_id} here."
    sentence = verb.objection(row)
    again = bool(sentence) and _known(intent)
    return "" if again else sentence  # a double click: it may be the first that made it so


def _known(intent: Operation) -> bool:
    """Whether its form was sent before: what it made is found, and nothing is sent. One query."""
    return Operation.objects.filter(form_token=intent.form_token).exists()


def held_by(session: WorkSession | None, verb: Verb, intent: Operation) -> Held | None:
    """What the person's open session says against it; never what only reads Stripe, or is about no account."""
    if not (verb.sends and verb.about_account):
        return None
    return held(session, intent.account_id, intent.account_name, within=intent.work_session)


def _intend(verb: Verb, intent: Operation, instead_of: Operation | None, need: Needed | None) -> Operation:
    """Commit the intent, or find the one that this form made first; another use is refused and audited."""
    try:
        with attempts.durable():
            intent.save(force_insert=True)
            attempts.record(intent, "intended")
            if need:
                asking.ask(intent, need)
            if instead_of:
                _close_for(instead_of, intent.user, {"sent_again_as": str(intent.pk)})
    except IntegrityError:
        first = Operation.objects.filter(form_token=intent.form_token).first()
        if first is None:
            raise
        _refuse_another_use(verb, first, intent)
        return first
    return intent


def _refuse_another_use(verb: Verb, first: Operation, intent: Operation) -> None:
    """Raise AlreadySent, with an audit row without values, unless the two are the same form sent twice."""
    same = sent_before.drawn_for(verb, first) == sent_before.drawn_for(verb, intent)
    names = sent_before.differing(first, intent) if same else []
    if same and not names:
        return
    what = f"other values ({', '.join(names)})" if names else "something else"
    _record_denial(verb, intent, f"The form of operation {first.pk} was sent again for {what}.")
    raise AlreadySent(sent_before.sentence(first, names, intent.user), first)


def settle(operation_id: str, at: datetime | None = None) -> None:
    """Move one operation on by one step: proof in an event, else the same key again, else a look-up.

    Safe to run twice and at once with anything: what another process holds, or is not due, it leaves alone. At most
    one API call.
    """
    at = at or timezone.now()
    ours = Operation.objects.due(at) | Operation.objects.held(sweep.QUEUED)
    claimed = ours.filter(pk=operation_id).claim(by=claims.claim_name(), until=Operation.claim_ends(at))
    if not claimed or attempts.settle_by_event(claimed[0]):
        return
    operation = claimed[0]
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
    elif operation.approved_at and not operation.tries and asking.changed_since(operation, verb):
        attempts.finish(operation, State.REFUSED, by="find", changes=asking.CHANGED)
    elif stopped := brakes.objection(verb, operation.account_id, operation.params):
        attempts.brake(operation, stopped)
        if not brakes.objection(verb, operation.account_id, operation.params):  # lifted while it was put off
            Operation.objects.braked().filter(pk=operation.pk).update(next_try_at=at, braked_at=None)
    else:
        attempts.attempt(operation, verb, operation.params)


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
    with attempts.durable():
        _close_for(operation, user, {})


def _may_decide(operation: Operation, user: User) -> None:
    if not (user.is_active and user.has_perm(DECIDES)):
        who = roles.who_may(DECIDES)
        raise Denied(f"{user.get_username()} may not decide what becomes of an operation. {who} can.")
    if not needs_a_person(operation):
        raise Denied(SETTLED)


def _close_for(operation: Operation, user: User, result: dict[str, Any]) -> None:
    decidable = Operation.objects.select_for_update(of=("self",)).needing_a_person().filter(pk=operation.pk)
    if not decidable.exists():
        raise Denied(SETTLED)
    attempts.close(operation, State.DROPPED, by="person", changes={"result": result}, user=user)
