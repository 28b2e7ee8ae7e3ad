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
ENOUGH = 2  # calls in a row with which Stripe had trouble of its own: then it counts as not to be reached


@dataclass(frozen=True)
class Act:
    """An intent that was let through the door, its values, and what a second person has to approve, if one has to."""

    operation: Operation
    values: dict[str, Any]
    need: Needed | None = None


@dataclass
class Reach:
    """Whether Stripe can be reached, as far as the calls of one thread tell.

    It cannot where nothing was answered, or 429, or twice in a row something else that is no answer: one of these is
    often of one object. `pause`: until what was not sent for that is looked at again.
    """

    pause: timedelta = attempts.UNREACHED
    troubles: int = 0

    @property
    def lost(self) -> bool:
        """Whether it cannot: nothing more is sent by this thread for now."""
        return self.troubles >= ENOUGH

    def note(self, operation: Operation, *, answered: bool) -> None:
        """What a call met: an answer, or what its last try tells."""
        status = operation.tries[-1]["status"] if operation.tries else 0
        self.troubles = 0 if answered else ENOUGH if status in (0, 429) else self.troubles + 1


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


def send(verb: Verb, acts: Sequence[Act], stopped: Callable[[Operation], bool], reach: Reach) -> None:
    """Make the calls of what was just intended and store what came of them, until Stripe cannot be reached.

    `stopped` says whether one may not be sent now. That one, and those whose turn does not come, the worker gets,
    unsent. Raises what a verb raises that is no answer of Stripe's.
    """
    ended, unsent, end = [], [each for each in acts if not each.need], time.monotonic() + LONGEST
    held = []
    try:
        while unsent and not reach.lost and time.monotonic() < end:
            act = unsent.pop(0)
            if stopped(act.operation):
                held.append(act)
                continue
            ending = attempts.call(act.operation, verb, act.values, doubt=False, stopped=stopped)
            ended += [ending] if ending else []
            if ending or not stopped(act.operation):  # what was stopped on its way says nothing of Stripe
                reach.note(act.operation, answered=ending is not None)
    finally:
        attempts.finish_all(ended)
        _hand_on([*held, *unsent], reach.pause if reach.lost else timedelta())


def _hand_on(acts: Sequence[Act], pause: timedelta) -> None:
    """Let the worker have what was not sent, and is still held as the others are; it asks about brakes by itself."""
    if acts:
        ours = Operation.objects.held(acts[0].operation.claimed_by)
        unsent = ours.filter(pk__in=[each.operation.pk for each in acts], state=State.SENDING)
        unsent.put_off(timezone.now() + pause, state=State.INTENT, attempts=0, first_tried_at=None)
