"""List jobs, cancel one, resume one."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from console.jobs import errors, jobs
from console.jobs.kinds import JobFailed
from console.jobs.models import Job
from console.operations.commands import BAD_INPUT, REFUSED, StaffCommand
from console.people.masking import Mask
from console.people.models import User
from console.people.signed_in import PERSONAL

NEWEST = 50


class Command(StaffCommand):
    """Prints the newest jobs of the person (of everybody, for who may see them), one a line."""

    help = "List jobs, or cancel, resume or drop one of them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one, and what to do."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--cancel", metavar="ID", help="End it before its next step.")
        what.add_argument("--resume", metavar="ID", help="Let what failed or was cancelled go on.")
        what.add_argument("--drop", metavar="ID", help="Leave what failed at that.")
        what.add_argument("--errors", metavar="ID", help="Tell what went wrong with it, each time, the oldest first.")
        super().add_arguments(parser)

    def work(self, options: dict[str, Any]) -> None:
        """List, or act on one."""
        user = self.person(options)
        for name, (may, act) in ACTS.items():
            if options[name]:
                job = _get(user, options[name])
                try:
                    acted = may(user, job) and act(job, user=user)
                except JobFailed as refused:
                    raise CommandError(str(refused), returncode=REFUSED) from None
                if not acted:
                    raise CommandError("It stands otherwise by now, or it is not yours.", returncode=REFUSED)
                return
        if options["errors"]:
            job = _get(user, options["errors"])
            for error in errors.told(job, Mask(user.has_perm(PERSONAL))):
                self.stdout.write(f"{error['at']:%Y-%m-%d %H:%M:%S} UTC {error['words']}")
            return
        for job in Job.objects.seen_by(user).select_related("user")[:NEWEST]:
            total = "" if job.total is None else f"/{job.total}"
            self.stdout.write(f"{job.pk} {job.state} {job.done}{total} {job.user.get_username()} {job.title}")


ACTS = {
    "cancel": (jobs.may_cancel, jobs.cancel),
    "resume": (jobs.may_resume, jobs.resume),
    "drop": (jobs.may_resume, jobs.drop),
}


def _get(user: User, job_id: str) -> Job:
    """The job, where it is this person's to see; CommandError (2)."""
    try:
        return Job.objects.seen_by(user).get(pk=UUID(job_id))
    except (ValueError, Job.DoesNotExist):
        raise CommandError(f"No job {job_id}.", returncode=BAD_INPUT) from None
