"""What waits for a second person, or came to nothing, as home, the menu and the pages of its objects tell of it.

Read at most once in COUNT_SECONDS, as a count in the menu is: what is decided is always decided by the row itself.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest

from console.approvals.models import Approval
from console.operations import verbs
from console.operations.models import Operation
from console.people.signed_in import staff
from console.shell import context
from console.shell.nouns import COUNTED

KEY = "approvals-open"
MOST = 5  # notices on one page
SEES = "console.view_approval"


@dataclass(frozen=True)
class Open:
    """One approval that waits, or that came to nothing and waits for a word of its requester. Nothing personal."""

    id: UUID
    state: str
    verb: str
    account_id: str
    account_name: str
    object_id: str
    stands_for: str  # the run of which it is the act, say
    requester_id: int
    requester: str
    approver: str
    why: str
    changed: str  # what made it void, or that it expired
    asked_at: datetime
    until: datetime
    decided_at: datetime | None

    @property
    def label(self) -> str:
        """Its verb's, the name of one that is no more."""
        verb = verbs.find(self.verb)
        return verb.label if verb else self.verb


def every() -> list[Open]:
    """Both kinds, the longest waiting first. One query, or none."""
    found: list[Open] = cache.get_or_set(KEY, _read, context.COUNT_SECONDS) or []
    return found


def _read() -> list[Open]:
    rows = Approval.objects.open().select_related("operation", "requester", "approver").order_by("asked_at", "id")
    return [
        Open(
            stands_for=_stands_for(row.operation),
            id=row.pk,
            state=row.state,
            verb=row.operation.verb,
            account_id=row.operation.account_id,
            account_name=row.operation.account_name,
            object_id=row.operation.object_id,
            requester_id=row.requester_id,
            requester=row.requester.get_username(),
            approver=row.approver.get_username() if row.approver else "",
            why=row.why,
            changed="" if row.approver else row.note,
            asked_at=row.asked_at,
            until=row.until,
            decided_at=row.decided_at,
        )
        for row in rows[: 2 * COUNTED]
    ]


def _stands_for(operation: Operation) -> str:
    verb = verbs.find(operation.verb)
    return verb.stands_for(operation.params) if verb else ""


def forget() -> None:
    """Something changed: read it anew, and once more when what changed it is committed."""
    cache.delete(KEY)
    transaction.on_commit(partial(cache.delete, KEY))


def now() -> list[Open]:
    """Those that wait for a second person."""
    return [each for each in every() if each.state == Approval.State.WAITING]


def ended() -> list[Open]:
    """Those that came to nothing."""
    return [each for each in every() if each.state != Approval.State.WAITING]


def notices(request: HttpRequest, account_id: str, object_id: str = "", verb: str = "") -> list[Open]:
    """What waits about this object, else about anything of the account; of one verb alone, where it is named.

    A query for each run that waits.
    """
    if not account_id or not staff(request).has_perm(SEES):
        return []
    found = (each for each in now() if verb in ("", each.verb) and _is_about(each, account_id, object_id))
    return list(islice(found, MOST))


def _is_about(waits: Open, account_id: str, object_id: str) -> bool:
    if not waits.stands_for:
        return waits.account_id == account_id and object_id in ("", waits.object_id)
    verb = verbs.find(waits.verb)
    return bool(verb and verb.concerns(waits.stands_for, account_id, object_id))
