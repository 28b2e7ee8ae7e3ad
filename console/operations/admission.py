"""Who is let through the door: whether this person may do this here, now, with this reason; else Denied, audited."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from console import brakes
from console.operations import rights
from console.operations.fields import REASON_LENGTH
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.record import audit
from console.viewing import sessions
from console.viewing.held import Held, held
from console.viewing.models import WorkSession
from gateway import texts
from gateway.mirror import Mirror


class Denied(Exception):  # noqa: N818  (said as staff read it)
    """The console's own no, before anything is stored or sent. `str()` is the sentence for staff."""


class Braked(Denied):
    """A brake stands against it: it can be done once that is lifted."""


class AlreadySent(Denied):
    """This form was sent before, by somebody else or with something else: `first` is what it made."""

    def __init__(self, sentence: str, first: Operation) -> None:
        super().__init__(sentence)
        self.first = first


def admit(verb: Verb, intent: Operation, params: Mapping[str, Any], *, wait: bool, one: bool) -> None:
    """Raise Denied, with an audit row, unless this person may do this here, now, with this reason; Braked likewise."""
    sentence = rights.objection(intent.user, verb, params, one=one) or _objection(verb, intent)
    if not sentence and (stopped := brakes.objection(verb, intent.account_id, params)) and not _known(intent):
        record_denial(verb, intent, stopped)
        raise Braked(stopped)
    if not sentence and (way := held_by(sessions.open_of(intent.user), verb, intent)):
        sentence = way.sentence
    if not sentence and verb.asks_row:
        sentence = row_objection(verb, intent, verb.row(intent.account_id, intent.object_id))
    if not sentence and verb.sensitive and not wait:
        sentence = f"“{verb.label}” takes values that are never stored: it runs for one account, while you wait."
    _deny(verb, intent, sentence)


def admit_row(verb: Verb, intent: Operation, params: Mapping[str, Any], about: Mirror | None, stopped: str) -> None:
    """The same for a row of a bulk run, which asked for the session when it began.

    `about` is what the row is about, as far as it is here; `stopped` what a brake says against it: the row waits then,
    and is no denial.
    """
    sentence = rights.objection(intent.user, verb, params, one=False) or _objection(verb, intent)
    if not sentence and stopped:
        raise Braked(stopped)
    if not sentence and verb.asks_row:
        sentence = row_objection(verb, intent, about)
    _deny(verb, intent, sentence)


def _deny(verb: Verb, intent: Operation, sentence: str) -> None:
    if sentence:
        record_denial(verb, intent, sentence)
        raise Denied(sentence)


def record_denial(verb: Verb, intent: Operation, why: str) -> None:
    """Write the audit row of a no, without values."""
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
