"""What a person decides about a mail that failed or is in doubt: it was sent, send it again, drop it."""

from django.db import transaction
from django.utils import timezone

from console.mail.models import SETTLES, Mail
from console.people import roles
from console.people.models import User
from console.record import audit

State = Mail.State
# Decision: its name in the audit trail, and the states that it may be made in.
DECISIONS = {
    "sent": ("mail.settled_as_sent", (State.UNKNOWN,)),
    "again": ("mail.sent_again", (State.UNKNOWN, State.FAILED)),
    "drop": ("mail.dropped", (State.UNKNOWN, State.FAILED, State.QUEUED)),
}
MEANWHILE = "Nothing was changed: it is not open to that any more."


class Denied(Exception):  # noqa: N818  (what the door says too)
    """Nothing was decided; the text says why."""


def open_to(mail: Mail) -> list[str]:
    """The decisions that may be made about a mail as it stands."""
    found = [decision for decision, (_, states) in DECISIONS.items() if mail.state in states]
    return [decision for decision in found if decision != "again" or mail.redacted_at is None]


def decide(mail: Mail, decision: str, *, user: User, reason: str) -> None:
    """Make one of DECISIONS, with its row in the audit trail; of two at once the first counts.

    Raises Denied where the person may not, or the mail is not open to it (any more).
    """
    if not (user.is_active and user.has_perm(SETTLES)):
        raise Denied(f"{user.get_username()} may not decide what becomes of a mail. {roles.who_may(SETTLES)} can.")
    action, states = DECISIONS[decision]
    with transaction.atomic():
        rows = Mail.objects.filter(pk=mail.pk, state__in=states)
        was = rows.select_for_update(no_key=True).values_list("state", flat=True).first()
        if decision == "again":
            changed = rows.filter(redacted_at=None).settle(
                state=State.QUEUED, settled_at=None, settled_by="", error="", attempts=0
            )
        else:
            state = State.SENT if decision == "sent" else State.DROPPED
            changed = rows.settle(state=state, settled_at=timezone.now(), settled_by="person")
        if not changed:
            raise Denied(MEANWHILE)
        detail = {"was": was, "template": mail.template, "message_id": mail.message_id}
        audit.record(action, user=user, account_id=mail.account_id, subject=mail.pk, reason=reason, detail=detail)
    mail.refresh_from_db()
