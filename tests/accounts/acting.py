"""What staff do by command in this room, and events as the inbox hands them on: for every noun."""

from io import StringIO
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from gateway.models import Event
from tests.people import person

ACCOUNT = "acct_1Kestrel"
WHY = {"as_user": "otto", "reason": "The customer asked for it"}


def run(name: str, *args: str, **options: Any) -> str:
    """What the command prints."""
    person("otto")
    out = StringIO()
    call_command(name, *args, stdout=out, stderr=StringIO(), **{**WHY, **options})
    return out.getvalue().strip()


def event(number: int, obj: dict[str, Any], previous: dict[str, Any] | None, kind: str = "account.updated") -> Event:
    """An event as the inbox hands it on; `number` is also its second."""
    data = {"object": obj} | ({"previous_attributes": previous} if previous is not None else {})
    return Event(
        id=f"evt_{number}",
        account=ACCOUNT,
        type=kind,
        created=1_790_000_000 + number,
        livemode=False,
        payload={"data": data},
        received_at=timezone.now(),
    )
