"""What jobs add to the shell: their list, what failed of one's own, and the export of lists as a kind of job."""

from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from console.jobs.models import EVERYBODYS, Job, failed_key
from console.lists import exports
from console.lists.exports_button import EXPORTS
from console.people.masking import Mask
from console.people.signed_in import may_see, staff
from console.shell import context
from console.shell.badges import no, off, ok, waits
from console.shell.nouns import Item, MenuEntry, Noun, Queue, Waiting, first, stripes


def failed(request: HttpRequest, most: int) -> Waiting:
    """What failed of one's own, oldest first; none has a deadline. One query, as seldom as the menu's counts."""
    found = Job.objects.failed_of(user := staff(request)).order_by("created_at", "id")
    rows, many = cache.get_or_set(failed_key(user.pk), lambda: first(found, most), context.COUNT_SECONDS) or ([], 0)
    mask = Mask(may_see(request))
    items = [
        Item(
            title=f"Failed: {job.title}",
            why=mask.text(job.error),
            url=(url := reverse("job", args=[job.pk])),
            start=stripes(job.ended_at or job.created_at),
            account_id=job.account_id,
            account_name=job.account_name,
            button="Resume or drop",
            button_url=url,
        )
        for job in rows
    ]
    return Waiting([None] * many, items)


def numbered(request: HttpRequest, number: UUID) -> str:
    """The page of the job with this number, where this person may see it; "" else. One query."""
    seen = Job.objects.seen_by(staff(request)).filter(pk=number).exists()
    return reverse("job", args=[number]) if seen else ""


NOUN = Noun(
    roles={
        "viewer": ("console.view_job", EXPORTS),
        "administrator": (EVERYBODYS,),
    },
    menu=(
        MenuEntry(
            label="Jobs",
            url="admin:console_job_changelist",
            icon="hourglass",
            permission="console.view_job",
            order=60,
        ),
    ),
    queues=(
        Queue(
            name="jobs",
            one="failed job of yours",
            label="failed jobs of yours",
            link=lambda: f"{reverse('admin:console_job_changelist')}?state__exact=failed",
            waiting=failed,
            count=lambda: 0,  # each sees their own on home; the menu's number is everybody's
            permission="console.view_job",
            order=60,
        ),
    ),
    badges={
        "job": {
            "waiting": waits("Waiting"),
            "running": waits("Running"),
            "succeeded": ok("Succeeded"),
            "failed": no("Failed"),
            "cancelled": off("Cancelled"),
        }
    },
    jobs={exports.KIND: exports.ExportList},
    numbered=numbered,
)
