"""One attempt at one operation, and the storing of what came of it. The door is console.operations.door.

Each change of state writes its audit row in its own transaction; `sending` is no change but a claim while a call runs.
Due times and claims are wall time; the 24 hours in which Stripe remembers a key run on Stripe's clock.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from console import brakes
from console.operations import verbs
from console.operations.models import Operation
from console.operations.verbs import Outcome, Verb
from console.people import masking
from console.people.models import User
from console.record import audit
from gateway import budget, clock, intake
from gateway.claims import CRASHES, FREE
from gateway.commits import durable
from gateway.errors import NOT_SENT, Refused, Unreachable
from gateway.models import Event

State = Operation.State
TRIES, TRY_SECONDS = 5, 60  # how often and how long a 429 is answered by trying again
UNREACHED = timedelta(seconds=30)  # until the worker tries what had no turn, or was not sent since Stripe was not there
BRAKED_PAUSE = timedelta(minutes=10)  # until a braked one is looked at again; lifting the brake makes it due at once
LONGEST_PAUSE = 1800  # seconds between two tries of an unknown operation
# An event is proof even after the look-up, or a person, gave up.
OPEN_TO = {
    "event": (*Operation.UNSETTLED, State.NOT_FOUND, State.DROPPED),
    "person": (*Operation.UNSETTLED, State.NOT_FOUND),
}

# Statuses by which Stripe refuses the request itself: what an earlier one under the same key was answered, too.
ABOUT_THE_KEY = (400, 402, 404)
OF_ATTEMPT = ("answer", "key")  # who settles by these has held the claim since it read the operation


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as JSON gives them back, so that every attempt sends the same bytes."""
    return json.loads(json.dumps(values, cls=DjangoJSONEncoder))


def record(operation: Operation, what: str, *, user: User | None = None, **detail: Any) -> None:
    """Write the operation's audit row, by its own person unless another decided."""
    audit.record_all([told(operation, what, user=user, **detail)])


def told(operation: Operation, what: str, *, user: User | None = None, **detail: Any) -> audit.Said:
    """What the operation's audit row will say."""
    return audit.Said(
        f"operation.{what}",
        user=user or operation.user,
        account_id=operation.account_id,
        account_name=operation.account_name,
        subject=operation.object_id or operation.account_id,
        operation=operation,
        reason=operation.reason,
        ticket=operation.ticket,
        detail={"verb": operation.verb, "via": operation.via, **detail},
    )


@dataclass(frozen=True)
class Ending:
    """How a call ended an operation, not stored yet: its state, what is written with that, what may be shown once."""

    operation: Operation
    state: str
    changes: dict[str, Any]
    by: str
    shown: dict[str, Any] = field(default_factory=dict)


def attempt(operation: Operation, verb: Verb, params: dict[str, Any]) -> dict[str, Any]:
    """Make one call under the claim we have; returns what may be shown, once. Raises what `call` raises."""
    doubt = operation.state != State.INTENT
    ending = call(operation, verb, params, doubt=doubt) if _begin(operation) else None
    if ending is None:
        return {}
    finish(operation, ending.state, by=ending.by, changes=ending.changes)
    return ending.shown


def call(
    operation: Operation,
    verb: Verb,
    params: dict[str, Any],
    *,
    doubt: bool,
    stopped: Callable[[Operation], bool] | None = None,
) -> Ending | None:
    """Make the call of an operation that is being sent; how it ends, None where it was put off.

    Refused is an end, Unreachable is stored. Any other exception is a bug of ours: stored as a try, and raised. What
    `stopped` says of it (else: whether a brake stands) is asked again after a wait for its turn.
    """
    secrets = [str(params[name]) for name in operation.sensitive if params.get(name)]
    by, stopped = "key" if doubt else "answer", stopped or _braked
    try:
        with budget.unless(partial(stopped, operation)):
            outcome = verb.send(operation, params)
    except budget.NoTurn as problem:
        _no_turn(operation, verb, problem, doubt=doubt)
        return None
    except Refused as refused:
        if doubt and verb.calls and verb.sends and _leaves_doubt(operation, refused, secrets):
            return None
        return Ending(operation, State.REFUSED, _refusal(operation, refused, secrets), by)
    except Unreachable as problem:
        problem.message = _without(problem.message, secrets)
        put_off(operation, problem, doubt=doubt)
        return None
    except Exception as problem:
        put_off(operation, crash(type(problem).__name__), doubt=True, crashed=True)
        raise
    answered = answer(operation, 200, outcome.request_id) if verb.calls else operation.tries
    return Ending(operation, State.SUCCEEDED, _success(operation, outcome, answered), by, outcome.shown)


def _braked(operation: Operation) -> bool:
    verb = verbs.find(operation.verb)
    return bool(verb and brakes.objection(verb, operation.account_id, operation.params))


def _no_turn(operation: Operation, verb: Verb, problem: budget.NoTurn, *, doubt: bool) -> None:
    """Put off what did not leave us: in the background, and where it is stopped, that is no try.

    It is looked at again at once where it is stopped. A call that went before it, and did not only look, leaves doubt.
    """
    wrote = verb.sends and problem.calls > verb.reads
    if wrote or verb.only_now(operation.sensitive) or not (problem.stopped or problem.lane.background):
        put_off(operation, problem, doubt=doubt or wrote)
        return
    due = timezone.now() + (timedelta() if problem.stopped else UNREACHED)
    changes = {"state": State.UNKNOWN} if doubt else {"state": State.INTENT, "first_tried_at": None}
    with durable():
        held = Operation.objects.filter(pk=operation.pk).held(operation.claimed_by)
        held.put_off(due, attempts=Greatest(F("attempts") - 1, 0), **changes)
    operation.refresh_from_db()


def _begin(operation: Operation) -> bool:
    """Commit that a call is about to be made; False when the claim was lost meanwhile."""
    first_tried_at = operation.first_tried_at or clock.timestamp()
    begun = {"state": State.SENDING, "braked_at": None, "first_tried_at": first_tried_at}
    with durable():
        mine = Operation.objects.filter(pk=operation.pk).held(operation.claimed_by)
        held = mine.update(**begun, attempts=F("attempts") + 1)
    if not held:
        operation.refresh_from_db()
        return False
    _take_on(operation, begun)
    operation.attempts += 1
    return True


def _take_on(operation: Operation, changes: dict[str, Any]) -> None:
    """Have the instance be as its row, whose claim is ours, was just written: no query."""
    for name, value in changes.items():
        setattr(operation, name, value)


def crash(what: str) -> Unreachable:
    """What an attempt without an answer or an exception of Stripe's counts as."""
    return Unreachable(f"The attempt ended without an answer ({what}).", sent=True)


def answer(operation: Operation, status: int, request_id: str, message: str = "") -> list[dict[str, Any]]:
    """The operation's tries with one that Stripe answered."""
    answered = Unreachable(message, status=status, request_id=request_id)
    return [*operation.tries, _try(answered, timezone.now(), crashed=False)]


def succeed(operation: Operation, outcome: Outcome, *, by: str, tries: list[dict[str, Any]] | None = None) -> bool:
    """Store the outcome; False when somebody settled it first."""
    changes = _success(operation, outcome, operation.tries if tries is None else tries)
    return finish(operation, State.SUCCEEDED, by=by, changes=changes)


def _success(operation: Operation, outcome: Outcome, tries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "object_id": outcome.object_id,
        "account_id": outcome.account_id or operation.account_id,
        "account_name": (outcome.account_name or operation.account_name)[:255],
        "request_id": outcome.request_id,
        "result": plain(outcome.result),
        "tries": tries,
        **dict.fromkeys(("error_message", "error_code", "error_param"), ""),
    }


def _leaves_doubt(operation: Operation, refused: Refused, secrets: list[str]) -> bool:
    """Whether a no says nothing about an earlier try under the same key, which may have arrived; it is put off then.

    That Stripe knows the key with other parameters is looked up. What stands before the key (ours is not taken, the
    account is not ours to see) may change: the same again, later. What we did not send leaves it to a person.
    """
    ours = refused.code == NOT_SENT or not refused.status
    other = refused.type == "idempotency_error"
    if refused.status in ABOUT_THE_KEY and not (ours or other):
        return False
    message = _without(refused.message, secrets)
    ended = Unreachable(
        message, request_id=refused.request_id, status=refused.status, replayed=other, sent=bool(refused.status)
    )
    if ours:
        tries = [*operation.tries, _try(ended, timezone.now(), crashed=False)]
        wait(operation, tries, None, state=State.UNKNOWN)
        settle_by_event(operation)
    else:
        put_off(operation, ended, doubt=True)
    return True


def _refusal(operation: Operation, refused: Refused, secrets: list[str]) -> dict[str, Any]:
    """Stripe's no, as it is stored."""
    message = _without(refused.message, secrets)
    return {
        "tries": answer(operation, refused.status, refused.request_id, message),
        "error_message": message,
        "error_code": refused.code or "",
        "error_param": refused.param or "",
        "request_id": refused.request_id or "",
        "decline_detail": plain(refused.decline or {}),
    }


def _without(message: str, secrets: list[str]) -> str:
    for secret in secrets:
        message = message.replace(secret, masking.MASK)
    return masking.without(message, secrets)  # spaced or punctuated otherwise


def finish(operation: Operation, state: str, *, by: str, changes: dict[str, Any]) -> bool:
    """Settle it, once: whoever comes second changes nothing and gets False."""
    with durable():
        return close(operation, state, by=by, changes=changes)


def finish_all(endings: Sequence[Ending]) -> None:
    """The same for many operations that we hold: one commit, and one row of the trail for each that ended now."""
    with durable():
        ended = [each for each in endings if _close(each.operation, each.state, each.by, each.changes)]
        audit.record_all([_end_of(each.operation, by=each.by) for each in ended])


def close(operation: Operation, state: str, *, by: str, changes: dict[str, Any], user: User | None = None) -> bool:
    """`finish` inside the caller's transaction; `user` is who decided, where it was not the operation's own person."""
    first = _close(operation, state, by, changes)
    if first:
        audit.record_all([_end_of(operation, by=by, user=user)])
    return first


def _close(operation: Operation, state: str, by: str, changes: dict[str, Any]) -> bool:
    still_open = Operation.objects.filter(pk=operation.pk, state__in=OPEN_TO.get(by, Operation.UNSETTLED))
    ended = {**changes, "state": state, "settled_at": timezone.now(), "settled_by": by}
    first = still_open.settle(**ended)
    if first and by in OF_ATTEMPT:
        _take_on(operation, {**ended, **FREE, "next_try_at": None})
    else:
        operation.refresh_from_db()
    if first and operation.approved_at and changes.get("account_id"):
        operation.approval.follow(operation.account_id)
    return bool(first)


def _end_of(operation: Operation, *, by: str, user: User | None = None) -> audit.Said:
    names = ("error_message", "error_code", "error_param")
    errors = {name: getattr(operation, name) for name in names if getattr(operation, name)}
    return told(operation, operation.state, user=user, by=by, request_id=operation.request_id, **errors)


def put_off(operation: Operation, problem: Unreachable, *, doubt: bool, crashed: bool = False) -> None:
    """Store a try without an outcome, and when the next one is due, if ever.

    A 429, and what never left us, changed nothing at Stripe: five tries or a minute, then parked. All else leaves
    doubt, which an event, the same key or a look-up ends.
    """
    doubt = doubt or (problem.sent and problem.status != 429)
    verb = verbs.find(operation.verb)
    if verb and verb.only_now(operation.sensitive) and not doubt:
        changes = {
            "tries": [*operation.tries, _try(problem, timezone.now(), crashed=False)],
            "error_message": f"Nothing was changed at Stripe: {problem.message}",
            "error_code": NOT_SENT,
        }
        finish(operation, State.REFUSED, by="answer", changes=changes)
        return
    now = timezone.now()
    tries = [*operation.tries, _try(problem, now, crashed=crashed)]
    pause = problem.wait(len(tries), longest=LONGEST_PAUSE) if doubt else problem.wait(len(tries))
    due = now + timedelta(seconds=pause)
    if doubt:
        last = sum(each["crashed"] for each in tries) >= CRASHES
    else:
        last = len(tries) >= TRIES or due > datetime.fromisoformat(tries[0]["at"]) + timedelta(seconds=TRY_SECONDS)
    wait(operation, tries, None if last else due, state=State.UNKNOWN if doubt else State.INTENT)
    if doubt:
        settle_by_event(operation)


def _try(problem: Unreachable, now: datetime, *, crashed: bool) -> dict[str, Any]:
    return {
        "at": now.isoformat(),
        "status": problem.status or 0,
        "request_id": problem.request_id or "",
        "message": problem.message,
        "replayed": problem.replayed,
        "sent": problem.sent,
        "crashed": crashed,
    }


def wait(operation: Operation, tries: list[dict[str, Any]], due: datetime | None, *, state: str) -> None:
    """Give the claim back until `due`; None parks it: from then on only a person or an event moves it."""
    with durable():
        held = Operation.objects.unsettled().filter(pk=operation.pk).put_off(due, state=state, tries=tries)
        operation.refresh_from_db()
        recorded = operation.audit_entries.filter(action="operation.unknown").exists()
        if held and state == State.UNKNOWN and not recorded:
            record(operation, state, tried=tries[-1])
        if held and due is None:
            record(operation, "parked", tries=len(tries))


def brake(operation: Operation, why: str) -> None:
    """Give the claim back: a brake stands against the next attempt, which counts as none. Recorded once a brake."""
    now = timezone.now()
    with durable():
        held = Operation.objects.filter(pk=operation.pk).held(operation.claimed_by)
        first = operation.braked_at is None
        if held.put_off(now + BRAKED_PAUSE, braked_at=operation.braked_at or now) and first:
            record(operation, "braked", why=why)
    operation.refresh_from_db()


def settle_by_event(operation: Operation) -> bool:
    """Whether an event that we hold was caused by this operation's key; if so, it succeeded. One query if not."""
    told = Event.objects.exclude(idempotency_key="")  # as its index is, else SQLite reads every event
    events = list(told.filter(idempotency_key=operation.key).order_by("created", "id"))
    return bool(events) and succeed(operation, _outcome(operation, events), by="event")


def _outcome(operation: Operation, events: list[Event]) -> Outcome:
    """What the events of one request tell: the object that the verb is about, else the first event's."""
    verb = verbs.find(operation.verb)
    stripe_object = verb.stripe_object if verb else ""
    objects = [intake.object_of(event) for event in events]
    data = next((each for each in objects if each.get("object") == stripe_object), objects[0])
    return Outcome(
        object_id=str(data.get("id", ""))[:255],
        account_id=operation.account_id or events[0].account,
        request_id=events[0].request_id,
    )
