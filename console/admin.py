"""The lists of the console's own records and of gateway's events, gathered: autodiscover looks for them here."""

from console.bulk import admin as bulk
from console.operations import admin as operations
from console.record import admin as record
from console.shell import admin as shell
from console.viewing import admin as viewing

__all__ = ["bulk", "operations", "record", "shell", "viewing"]
