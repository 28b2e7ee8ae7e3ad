"""Runs that were drawn up and never begun are forgotten after two days: nothing was sent, and their rows are many."""

from datetime import datetime, timedelta

from django.utils import timezone

from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import BEGIN
from console.operations.models import Operation

KEPT = timedelta(hours=48)  # longer than somebody may wait for a second person
BATCH = 500  # rows deleted by one statement: a short transaction


def drop_old(now: datetime | None = None) -> int:
    """Delete drafts of more than two days ago; how many."""
    old = BulkRun.objects.filter(state=BulkRun.State.DRAFT, created_at__lt=(now or timezone.now()) - KEPT)
    ids = [str(run_id) for run_id in old.values_list("pk", flat=True)]
    acts = Operation.objects.filter(verb=BEGIN, settled_at=None, object_id__in=ids)
    old = old.exclude(pk__in=list(acts.values_list("object_id", flat=True)))  # a second person may still approve them
    for run_id in list(old.values_list("pk", flat=True)):
        old.filter(pk=run_id).update(total=0)  # from now on nobody begins it
        rows = BulkRow.objects.filter(run=run_id, run__state=BulkRun.State.DRAFT)
        while part := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
            BulkRow.objects.filter(pk__in=part).delete()
    return old.delete()[0]
