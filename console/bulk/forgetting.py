"""What the rows of a run hold of persons is forgotten: some time after it is needed, or when somebody is erased.

Needed it is until the run has ended: a row that waits is sent with it, one that failed is tried again with it. What was
sent stands with its operation, and is that one's affair. Undoing needs none of it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from console.bulk.models import BulkRow, BulkRun
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import masking
from console.record.models import Erasure
from gateway import copied

KEPT = timedelta(days=30)  # as mails to holders, and as long as Stripe keeps its events
BATCH = 500  # rows of one statement: a short transaction
WORDS = "What this row held of a person was forgotten on {:%Y-%m-%d} (UTC)."
State = BulkRow.State


def is_personal(verb: Verb | None, params: dict[str, Any], state: str, object_id: str) -> bool:
    """Whether a row holds what somebody entered of a person: as a value, in the place of an id, or quoted in words."""
    if state == State.BAD:
        own = {*verb.form.base_fields, *verb.from_file} if verb else {""}
        return not copied.AN_ID.fullmatch(object_id) or any(masking.hides(verb, name) for name in own)
    return any(masking.hides(verb, name) for name, value in params.items() if value not in (None, "", [], {}))


def forget_old(at: datetime | None = None) -> int:
    """Forget what is needed no more for KEPT; how many rows. The worker asks once an hour; safe to repeat."""
    before = (at or timezone.now()) - KEPT
    over = Q(run__state=BulkRun.State.ENDED, run__ended_at__lt=before)
    left = Q(run__state=BulkRun.State.STOPPED, run__stopped_at__lt=before)
    sent = Q(operation__state=Operation.State.SUCCEEDED, operation__settled_at__lt=before)
    return _forget(over | left | sent)


def of(kind: str, key: str) -> Any:
    """The rows that hold something of whom an act of erasing means; none of a person of staff."""
    by = {Erasure.Kind.ACCOUNT: "account_id", Erasure.Kind.SUBJECT: "object_id"}.get(Erasure.Kind(kind))
    return BulkRow.objects.filter(**{by: key}, personal=True) if by else BulkRow.objects.none()


def count(kind: str, key: str) -> int:
    """How many those are. One query."""
    return of(kind, key).order_by().count()


def forget(kind: str, key: str) -> bool:
    """Forget them, whatever their run still wants; False where one is being sent just now: ask again later."""
    _forget(Q(pk__in=of(kind, key).order_by().values("pk")))
    return not of(kind, key).exists()


def _forget(which: Q) -> int:
    """Blank these rows, a batch at a time, but what a process holds; how many."""
    many, now = 0, timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rows = BulkRow.objects.filter(which, free, personal=True).order_by()
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        part = BulkRow.objects.filter(free, pk__in=ids)
        blank: dict[str, Any] = {"params": {}, "carried": [], "shown": {}, "personal": False, "forgotten_at": now}
        typed = [row.pk for row in part.filter(state=State.BAD) if not copied.AN_ID.fullmatch(row.object_id)]
        part.filter(pk__in=typed).update(object_id="")
        part.filter(state=State.BAD).update(why=WORDS.format(now))
        _link(part.filter(state=State.WAITING, attempts__gt=0))
        part.filter(state=State.WAITING).update(state=State.DENIED, why=f"Nothing was sent. {WORDS.format(now)}")
        many += part.update(**blank)
    return many


def _link(rows: Any) -> None:
    """Give those whose process ended between their operation and their row that operation: it tells what was sent."""
    for row in rows:
        if made := Operation.objects.filter(form_token=row.form_token).first():
            BulkRow.objects.filter(pk=row.pk).settle(state=State.GIVEN, operation=made)
