"""The daily digest, for those who wish it: how much needs a person, and the head of the audit trail.

The head in somebody's mailbox is one more place outside of the database that shows a trail that was cut off or made
anew.
"""

from datetime import datetime

from django.utils import timezone

from console.mail import mails
from console.mail.models import Mail
from console.mail.templates import Template
from console.mail.values import count, digest, link, moment, row_number
from console.people.models import User
from console.people.notices import DIGEST
from console.record import audit
from console.record.models import AuditEntry
from console.shell import nouns

HOUR = 6  # of the day, UTC, from which it is sent

DAILY_DIGEST = Template(
    name="daily_digest",
    version=1,
    subject="{platform} console: {waiting} waiting for a person",
    body="""\
Waiting for a person: {waiting}
What it is: {home}

The audit trail's head on {at}: row {row}, digest
{digest}
Keep this mail. `manage.py verify_audit --expect` with this digest shows whether the trail still holds that row.

You asked for this once a day. You can end it here: {me}
""",
    values={"waiting": count, "home": link, "at": moment, "row": row_number, "digest": digest, "me": link},
)


def send_daily(at: datetime | None = None) -> int:
    """Queue today's digests; how many people have theirs. Safe to run twice, and in two workers at once."""
    at = at or timezone.now()
    if at.hour < HOUR:
        return 0
    wishing = User.objects.filter(is_active=True, daily_digest=True).exclude(email="")
    readers = [user for user in wishing if user.has_perm(DIGEST) and mails.is_address(user.email)]
    names = {user: f"daily_digest {at:%Y-%m-%d} {user.pk}" for user in readers}
    queued = set(Mail.objects.filter(once__in=names.values()).values_list("once", flat=True))
    for user, once in names.items():
        if once in queued:
            continue
        mails.queue(DAILY_DIGEST.name, user.email, _values(user, at), once=once)
    return len(readers)


def _values(user: User, at: datetime) -> dict[str, object]:
    """What this person may see waiting; of queues that count no further than COUNTED each."""
    queues = (queue for queue in nouns.queues() if not queue.permission or user.has_perm(queue.permission))
    head = AuditEntry.objects.order_by("-number").values_list("number", "digest").first()
    row, sha256 = head or (0, audit.START)
    waiting = sum(queue.count() for queue in queues)
    return {"waiting": waiting, "home": "admin:index", "at": at, "row": row, "digest": sha256, "me": "me"}
