"""The console's own tables, gathered from its folders: Django looks for them here."""

from console.approvals.models import Approval
from console.brakes.models import Brake
from console.bulk.models import BulkRow, BulkRun
from console.jobs.models import Job
from console.mail.models import Mail
from console.operations.models import Operation
from console.people.models import PersonalToken, SignInFailure, User
from console.record.models import AuditEntry, AuditPersonal, Erasure
from console.shell.figures import Figure
from console.viewing.models import AccessEntry, WorkSession

__all__ = [
    "AccessEntry",
    "Approval",
    "AuditEntry",
    "AuditPersonal",
    "Brake",
    "BulkRow",
    "BulkRun",
    "Erasure",
    "Figure",
    "Job",
    "Mail",
    "Operation",
    "PersonalToken",
    "SignInFailure",
    "User",
    "WorkSession",
]
