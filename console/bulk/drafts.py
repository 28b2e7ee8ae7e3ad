"""Runs that were drawn up and never begun are forgotten after a day: nothing was sent, and their rows are many."""

from datetime import datetime, timedelta

from django.utils import timezone

from console.bulk.models import BulkRow, BulkRun

KEPT = timedelta(hours=24)
BATCH = 500  # rows deleted by one statement: a short transaction


def drop_old(now: datetime | None = None) -> int:
    """Delete drafts of more than a day ago; how many."""
    old = BulkRun.objects.filter(state=BulkRun.State.DRAFT, created_at__lt=(now or timezone.now()) - KEPT)
    for run_id in list(old.values_list("pk", flat=True)):
        rows = BulkRow.objects.filter(run=run_id, run__state=BulkRun.State.DRAFT)
        while part := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
            BulkRow.objects.filter(pk__in=part).delete()
    return old.delete()[0]
