"""Sending one mail, in the worker: what is committed before the mail server is spoken to, and what its answer means.

answer 250 after the content                       sent
5xx, or no mail that could be sent                 failed: a person decides
not reached, 4xx before the content                tried again by itself, nothing can have been sent
an answer other than 250 after the content         failed: it was not taken, and a person decides
no answer after the content, or our process ended  unknown: a person decides
"""

import logging
import smtplib
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, Q
from django.utils import timezone

from console.mail import smtp
from console.mail.models import DRAIN, Mail
from gateway import claims, queue, sweep, texts
from gateway.back_off import pause
from gateway.commits import durable

logger = logging.getLogger(__name__)
State = Mail.State
MOST_TRIES = 12  # by itself, over three to five hours; then it has failed
LONGEST_PAUSE = 3600.0  # seconds
SERVER, CRASH, PERSON = "server", "crash", "person"  # who settled it
ENDED = "The process ended while it was being sent."
SILENT = 3  # mails in a row without an answer, after which a drain ends
# What a server says about whoever sends, whatever the mail is: it waits, and nothing was sent.
OF_THE_SERVER = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)
WANTS_SIGN_IN = (530, 534, 535)
CLOSING = 421  # what a server says that takes nothing now
TURN = 15.0  # seconds after which a drain lets other tasks come before it goes on
AGAIN = "again"  # of a try after which it waits for the next
LONGEST = 500  # characters of what a server said


@dataclass(frozen=True)
class Outcome:
    """What a try came to: a state, or AGAIN; and what was said, by the server where it spoke."""

    state: str
    said: str
    silent: bool = False  # the server did not answer: the next mail may fare no better


def wake() -> int:
    """Have what is due sent; how many that are, counted no further than a sweep looks. The worker's sweep calls it."""
    due = Mail.objects.due()[: sweep.BATCH].count()
    if due:
        queue.ask(DRAIN)
    return due


def drain() -> None:
    """Send what is due, one mail after the other, in one process at a time: events never wait for a mail server.

    Where the server does not answer time and again, the rest waits for the next sweep: else each of them would wait for
    it in vain, or be in doubt.
    """
    queue.begun(DRAIN)
    ends, silent = time.monotonic() + TURN, 0
    while silent < SILENT and not _another_sends() and (mail := _next()):
        outcome = send(mail.pk)
        silent = silent + 1 if outcome and outcome.silent else 0
        if time.monotonic() > ends:
            if not silent:
                queue.ask(DRAIN)
            return


def _next() -> Mail | None:
    return Mail.objects.due().order_by(F("next_try_at").asc(nulls_first=True), "created_at").first()


def _another_sends() -> bool:
    return Mail.objects.filter(settled_at=None, state=State.SENDING, claimed_until__gt=timezone.now()).exists()


def send(mail_id: str) -> Outcome | None:
    """Send a mail that is due. Safe to run twice, in two processes at once, and to kill at any moment."""
    by = claims.claim_name()
    with durable():
        due = Mail.objects.due().filter(pk=mail_id)
        claimed = due.claim(by=by, state=State.SENDING, attempts=F("attempts") + 1)
    if not claimed:
        return None
    mail, before = claimed[0], claimed[0].state
    mail.attempts += 1
    died = before == State.SENDING
    outcome = Outcome(State.UNKNOWN, ENDED) if died else _limited(mail, deliver(mail))
    _note(mail, outcome, by=CRASH if died else SERVER)
    return outcome


def _limited(mail: Mail, outcome: Outcome) -> Outcome:
    """What was tried often enough has failed."""
    if outcome.state == AGAIN and mail.attempts >= MOST_TRIES:
        return replace(outcome, state=State.FAILED, said=f"Given up after {MOST_TRIES} tries: {outcome.said}")
    return outcome


def deliver(mail: Mail) -> Outcome:
    """Hand a mail to the mail server by Django's backend, and say what is known then. Raises nothing."""
    connection = get_connection()
    try:
        connection.open()
        done = connection.send_messages([_message(mail, connection)])
        said = getattr(connection, "said", "")  # before the talk is closed
        return Outcome(State.SENT, said) if done else Outcome(State.FAILED, "The backend sent nothing.")
    except Exception as error:  # noqa: BLE001  (whatever a backend raises, the mail has a state afterwards)
        return meaning(error, begun=getattr(connection, "begun", True))
    finally:
        _close(connection)


def _message(mail: Mail, connection: Any) -> EmailMessage:
    headers = {"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"}
    return EmailMessage(mail.subject, mail.body, None, [mail.to], headers=headers, connection=connection)


def meaning(error: Exception, *, begun: bool) -> Outcome:
    """What an error tells; `begun`: the content may have reached the server before it."""
    code, said = smtp.answer(error)
    if begun:
        refused = isinstance(error, smtplib.SMTPDataError) and code
        return Outcome(State.FAILED if refused else State.UNKNOWN, said, silent=not code)
    if isinstance(error, OF_THE_SERVER) or code in WANTS_SIGN_IN:  # it is about us, not about this mail
        return Outcome(AGAIN, said, silent=True)
    if code:
        return Outcome(AGAIN if code < 500 else State.FAILED, said, silent=code == CLOSING)
    unfit = isinstance(error, smtplib.SMTPNotSupportedError) or not isinstance(error, OSError)
    return Outcome(State.FAILED if unfit else AGAIN, said, silent=not unfit)


def _close(connection: Any) -> None:
    """End the talk. What came of it is known already."""
    try:
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        logger.info("mail server: %s at the end of a talk", type(error).__name__)


def _note(mail: Mail, outcome: Outcome, *, by: str, at: datetime | None = None) -> None:
    """Store what a try came to. An answer that comes after the claim ran out ends the doubt that came of that."""
    at = at or timezone.now()
    said = texts.one_line(outcome.said)[:LONGEST]
    tried = {"at": at.isoformat(), "outcome": outcome.state, "said": said}
    changes = {"tries": [*mail.tries, tried], "error": "" if outcome.state == State.SENT else said}
    mine = Mail.objects.filter(pk=mail.pk, claimed_by=mail.claimed_by, state=State.SENDING)
    if outcome.state == AGAIN:
        wait = pause(mail.attempts, first=settings.MAIL_RETRY, longest=LONGEST_PAUSE)
        mine.put_off(at + timedelta(seconds=wait), state=State.QUEUED, **changes)
        return
    late = Q(pk=mail.pk, state=State.UNKNOWN, settled_by=CRASH)
    known = mine if by == CRASH else mine | Mail.objects.filter(late)
    known.settle(state=outcome.state, settled_at=at, settled_by=by, **changes)
