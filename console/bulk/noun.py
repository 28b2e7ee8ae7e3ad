"""What bulk runs add to the shell."""

from functools import partial
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from console.bulk import forgetting
from console.bulk.asked import BeginBulkRun
from console.bulk.control import CONTROLS
from console.bulk.models import BulkRun
from console.operations import verbs
from console.shell import context
from console.shell.badges import absent, bad, no, off, ok, waits
from console.shell.nouns import COUNTED, Forgets, Item, MenuEntry, Noun, Queue, Waiting, first, stripes


def count() -> int:
    """How many runs somebody must see to. One query."""
    return BulkRun.objects.needing_a_person().order_by()[:COUNTED].count()


def waiting(request: HttpRequest, most: int) -> Waiting:
    """Runs that were stopped, or that ended with failures; none has a deadline. As old as a count of the menu."""
    needing = partial(first, BulkRun.objects.needing_a_person().order_by("created_at", "id"), most)
    rows, many = cache.get_or_set(f"bulk-runs:{most}", needing, context.COUNT_SECONDS) or ([], 0)
    return Waiting([None] * many, [_item(run) for run in rows])


def numbered(request: HttpRequest, number: UUID) -> str:
    """The page of the run with this number; "" for none. One query."""
    run = BulkRun.objects.only("pk").filter(pk=number).first()
    return run.get_absolute_url() if run else ""


def _item(run: BulkRun) -> Item:
    verb = verbs.find(run.verb)
    label = (verb.label_many or verb.label) if verb else run.verb
    stopped = run.state == BulkRun.State.STOPPED
    failed = f"{run.failed:,} row{'' if run.failed == 1 else 's'} failed: try them again, or not."
    why = run.why or ("Its other rows wait: go on, or leave it." if stopped else failed)
    return Item(
        title=f"Bulk run {'stopped' if stopped else 'ended with failures'}: {label}",
        why=why,
        url=run.get_absolute_url(),
        start=stripes(run.ended_at or run.begun_at or run.created_at),
    )


NOUN = Noun(
    forgets=Forgets(forgetting.count, forgetting.forget),
    verbs=(BeginBulkRun,),
    roles={"viewer": ("console.view_bulkrun",), "administrator": (CONTROLS,)},
    menu=(
        MenuEntry(
            label="Bulk runs",
            url="admin:console_bulkrun_changelist",
            icon="tick",
            permission="console.view_bulkrun",
            order=45,
            queue="bulk_runs",
        ),
    ),
    queues=(
        Queue(
            name="bulk_runs",
            one="bulk run to see to",
            label="bulk runs to see to",
            link=lambda: f"{reverse('admin:console_bulkrun_changelist')}?waiting=person",
            waiting=waiting,
            count=count,
            permission="console.view_bulkrun",
            order=12,
        ),
    ),
    badges={
        "bulk": {
            "draft": off("Not begun"),
            "running": waits("Running"),
            "stopped": absent("Stopped", "warn"),
            "ended": ok("Ended"),
        },
        "bulk_row": {
            "waiting": waits("Waiting"),
            "given": waits("Begun"),
            "denied": no("Not possible"),
            "left_out": off("Left out"),
            "bad": bad("Wrong in the file"),
        },
    },
    numbered=numbered,
)
