"""Runs that ended: a row that was not found at Stripe then may be settled later, by an event or by a person."""

from django.db import transaction
from django.db.models import Count

from console.bulk.models import FAILED, BulkRun
from console.operations.models import Operation

BATCH = 200  # runs of one recount
NOT_FOUND = Operation.State.NOT_FOUND


def failed_of(outcomes: dict[str, int]) -> int:
    """How many rows came to nothing, given how many have each outcome."""
    return sum(outcomes.get(name, 0) for name in FAILED)


def recount() -> int:
    """Write anew how many rows failed of runs with rows that were not found; how many runs tell another number now.

    A run of which nothing is failed any more asks for nobody. Two queries; the worker asks each SWEEP_INTERVAL.
    """
    runs = {run.pk: run for run in BulkRun.objects.with_lost()[:BATCH]}
    if not runs:
        return 0
    lost = Operation.objects.needing_a_person().filter(state=NOT_FOUND, bulk_row__run__in=runs).order_by()
    left = dict(lost.values_list("bulk_row__run").annotate(many=Count("pk")))
    return sum(_tell(run, left.get(pk, 0)) for pk, run in runs.items())


def _tell(run: BulkRun, lost: int) -> bool:
    """Have the run tell that so many of its rows are still not found; whether that is another number."""
    if lost == run.lost:
        return False
    changed = {"lost": lost, "failed": run.failed - run.lost + lost}
    with transaction.atomic():
        same = BulkRun.objects.with_lost().filter(pk=run.pk, lost=run.lost, failed=run.failed)
        told = same.update(**changed)
        if told and not changed["failed"]:
            BulkRun.objects.filter(pk=run.pk).update(needs_a_person=False)
    return bool(told)
