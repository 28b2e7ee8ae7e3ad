"""The console's own tables, gathered from its folders: Django looks for them here."""

from console.brakes.models import Brake
from console.bulk.models import BulkRow, BulkRun
from console.operations.models import Operation
from console.people.models import PersonalToken, SignInFailure, User
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry, WorkSession

__all__ = [
    "AccessEntry",
    "AuditEntry",
    "Brake",
    "BulkRow",
    "BulkRun",
    "Operation",
    "PersonalToken",
    "SignInFailure",
    "User",
    "WorkSession",
]
