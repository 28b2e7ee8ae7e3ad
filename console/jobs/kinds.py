"""What a kind of job is: a class that a noun names in its declaration, by the name that stands in the job's row."""

from dataclasses import dataclass, field
from typing import Any

from console.jobs.models import Job
from console.jobs.progress import Progress
from console.people.models import User


class JobFailed(Exception):  # noqa: N818  (it says what became of the job)
    """A job cannot be begun, or cannot go on: it is not tried again by itself. Its text is a sentence for staff."""


@dataclass(frozen=True)
class Result:
    """What came of a job: figures by their names, and the name under which its file is downloaded ("": no file).

    `told` is what the audit row says beside kind and title.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    file_name: str = ""
    told: dict[str, Any] = field(default_factory=dict)


class Kind:
    """One kind of job. A subclass says what it is called, who may begin it, and does it.

    `recorded_as` is the action of the audit row that is written with its success.
    """

    label = ""
    permission = ""  # app.codename
    recorded_as = "job.succeeded"

    def params(self, user: User, given: dict[str, Any]) -> dict[str, Any]:
        """The parameters that are kept, plain JSON. Raises JobFailed for what is none, or not this person's to do."""
        return given

    def reads(self, params: dict[str, Any]) -> bool:
        """Whether this release can do what was asked: a job may have been begun by another one."""
        return True

    def title(self, params: dict[str, Any]) -> str:
        """What the job is, in words."""
        return self.label

    def shown(self, params: dict[str, Any]) -> dict[str, Any]:
        """The parameters as its page tells them, by their names."""
        return params

    def account_of(self, params: dict[str, Any]) -> str:
        """The id of the account that it is about, "" for none."""
        return ""

    def run(self, job: Job, progress: Progress) -> Result:
        """Do it, from `job.kept` on. Call `progress.step` after each part that is on the disk or committed.

        Raises JobFailed. What progress raises is passed on; any other exception is a try that came to nothing.
        """
        raise NotImplementedError(type(self).__name__)

    def resume_refusal(self, user: User, job: Job) -> str:
        """Why this person, who began it, cannot let it go on now; "" where they can."""
        return ""

    def refusal(self, user: User, job: Job) -> str:
        """Why its file is not for this person, who began it, any more; "" where it is."""
        return ""
