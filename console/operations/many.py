"""Many acts of one verb through the door at once, for bulk runs: their intents are one commit, their ends another.

Between the two each makes its own call under its own key, one after the other. A process that dies in between leaves
all of them as being sent: each is then settled by itself, as any operation whose call broke off.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from console.approvals import asking
from console.approvals.asking import Needed
from console.operations import attempts
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.record import audit
from gateway import clock

State = Operation.State
LONGEST = 5.0  # seconds of calls after which the worker gets the rest: no claim runs out under its call
UNREACHED = timedelta(seconds=30)  # until the worker tries what was not sent since Stripe could not be reached


@dataclass(frozen=True)
class Act:
    """An intent that was let through the door, its values, and what a second person has to approve, if one has to."""

    operation: Operation
    values: dict[str, Any]
    need: Needed | None = None


def intend(acts: Sequence[Act]) -> None:
    """Store the intents, as being sent where nobody need approve them, in the caller's durable transaction.

    Raises IntegrityError where the form of one was sent before.
    """
    now = clock.timestamp()
    for each in acts:
        if not each.need:
            each.operation.state, each.operation.first_tried_at, each.operation.attempts = State.SENDING, now, 1
    Operation.objects.bulk_create([each.operation for each in acts])
    audit.record_all([attempts.told(each.operation, "intended") for each in acts])
    for each in acts:
        if each.need:
            asking.ask(each.operation, each.need)


def send(verb: Verb, acts: Sequence[Act], stopped: Callable[[Operation], str]) -> bool:
    """Make the calls of what was just intended and store what came of them; False where Stripe could not be reached.

    `stopped` says what a brake has against one now. That one, and those whose turn does not come, the worker gets,
    unsent. Raises what a verb raises that is no answer of Stripe's.
    """
    ended, unsent, end, reached = [], [each for each in acts if not each.need], time.monotonic() + LONGEST, True
    braked = []
    try:
        while unsent and reached and time.monotonic() < end:
            act = unsent.pop(0)
            if stopped(act.operation):
                braked.append(act)
                continue
            ending = attempts.call(act.operation, verb, act.values, doubt=False)
            ended += [ending] if ending else []
            reached = ending is not None
    finally:
        attempts.finish_all(ended)
        _hand_on([*braked, *unsent], timedelta() if reached else UNREACHED)
    return reached


def _hand_on(acts: Sequence[Act], pause: timedelta) -> None:
    """Let the worker have what was not sent, and is still held as the others are; it asks about brakes by itself."""
    if acts:
        ours = Operation.objects.held(acts[0].operation.claimed_by)
        unsent = ours.filter(pk__in=[each.operation.pk for each in acts], state=State.SENDING)
        unsent.put_off(timezone.now() + pause, state=State.INTENT, attempts=0, first_tried_at=None)
