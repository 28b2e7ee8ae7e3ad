"""The lists of the console's own records and of gateway's events, gathered: autodiscover looks for them here."""

from console.approvals import admin as approvals
from console.bulk import admin as bulk
from console.jobs import admin as jobs
from console.mail import admin as mail
from console.operations import admin as operations
from console.record import admin as record
from console.shell import admin as shell
from console.shell import drift
from console.viewing import admin as viewing

__all__ = ["approvals", "bulk", "drift", "jobs", "mail", "operations", "record", "shell", "viewing"]
