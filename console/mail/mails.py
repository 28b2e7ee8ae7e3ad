"""Making mails: the one way to have something mailed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from console.mail import templates
from console.mail.models import DRAIN, Mail, new_id
from console.mail.templates import HOLDER
from console.mail.values import Unfit, account_id
from console.people.models import User
from gateway import columns
from gateway import queue as queue_

REDACTED_AFTER = timedelta(days=30)  # what a mail says of a holder is dropped, as in Stripe's events
RESTORED = "Restored from a backup: it may have been sent since."
AT_ONCE = 500  # rows of one redaction: a short transaction


def queue(
    template: str,
    to: str,
    values: Mapping[str, Any],
    *,
    user: User | None = None,
    account_id: str = "",
    once: str = "",
) -> Mail:
    """A mail to one address, in the caller's transaction; the worker sends it when that has committed. One query.

    `values` are those that the template declares (console.mail.values has their kinds); `user` is who caused it, None
    for the worker. `once` names a mail that must not be made twice: the same word finds the first one (two queries).
    Raises Unfit for a template, a value or an address that is not fit, and nothing is written.
    """
    found = templates.get(template)
    subject, body, said = found.render(values)
    mail_id = new_id()
    row: dict[str, Any] = {
        "id": mail_id,
        "message_id": f"<{mail_id}@{urlsplit(settings.CONSOLE_URL).hostname}>",
        "template": found.name,
        "version": found.version,
        "to": address(to),
        "subject": subject,
        "body": body,
        "values": said,
        "personal": found.audience == HOLDER,
        "account_id": _account(account_id),
        "user": user,
    }
    transaction.on_commit(partial(queue_.ask, DRAIN))
    if once:
        return Mail.objects.get_or_create(once=once, defaults=row)[0]
    return Mail.objects.create(**row)


def address(text: str) -> str:
    """An address as it stands in a header: one, plain, without a name. Raises Unfit."""
    try:
        validate_email(text)
    except ValidationError:
        raise Unfit("not one e-mail address") from None
    if len(text) > 254 or not text.isprintable():
        raise Unfit("not one e-mail address")
    return text


def is_address(text: str) -> bool:
    """Whether mail can be sent there."""
    try:
        return bool(address(text))
    except Unfit:
        return False


def _account(text: str) -> str:
    return account_id(text) if text else ""


def doubt_all() -> int:
    """After a backup was restored: what waited in it may have been sent since, so nothing of it is sent by itself.

    How many. A database of a release without mails has none.
    """
    if "settled_at" not in columns.existing(Mail):
        return 0
    doubt = {"state": Mail.State.UNKNOWN, "settled_at": timezone.now(), "settled_by": "crash", "error": RESTORED}
    return Mail.objects.filter(settled_at=None).settle(**doubt)


def redact_old(at: datetime | None = None) -> int:
    """Drop what notices to holders that were settled long ago say, and to whom. How many; the worker asks hourly."""
    at = at or timezone.now()
    old = Mail.objects.filter(personal=True, redacted_at=None, settled_at__lt=at - REDACTED_AFTER)
    ids = list(old.order_by("settled_at").values_list("pk", flat=True)[:AT_ONCE])
    return old.filter(pk__in=ids).update(to="", body="", values={}, error="", tries=[], redacted_at=at)
