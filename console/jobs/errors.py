"""What went wrong with a job, each time with its moment: a later try, or a resumption, never hides the first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from console.jobs.models import Job
from console.people.masking import Mask

MOST = 20  # errors that are kept: the first, and the newest of the others


def with_one(job_id: UUID, error: str) -> list[dict[str, str]]:
    """The job's errors with one more, for the caller to write in its transaction, which holds the row. One query."""
    row = Job.objects.select_for_update(no_key=True).only("errors").get(pk=job_id)
    every = [*row.errors, {"at": timezone.now().isoformat(), "error": error}]
    return every if len(every) <= MOST else [every[0], *every[1 - MOST :]]


def told(job: Job, mask: Mask) -> list[dict[str, Any]]:
    """Moment (`at`) and words of each, oldest first, as one person may see them."""
    return [{"at": datetime.fromisoformat(each["at"]), "words": mask.text(each["error"])} for each in job.errors]
