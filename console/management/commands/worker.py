"""`manage.py worker`: background work, supervised."""

import signal
import time
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from console.databases import trouble
from console.running.worker import Supervisor
from gateway import binding
from gateway.errors import Unreachable

WAIT_SECONDS = 2.0  # between two tries to reach a database at the start


class Command(BaseCommand):
    """Run the worker until INT or TERM."""

    help = "Applies events and settles operations in the background. Run one or more, on as many machines as wanted."
    requires_system_checks = "__all__"

    def handle(self, *args: Any, **options: Any) -> None:
        """Bind signals, verify that database, mode and key belong together, and supervise."""
        while not self.bound():
            time.sleep(WAIT_SECONDS)
        supervisor = Supervisor()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stop())
        supervisor.run()

    def bound(self) -> bool:
        """Whether database, mode and key were found to belong together; False where no database answers yet.

        A database that waiting does not mend raises on.
        """
        try:
            binding.bind()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        except Unreachable as error:  # the mode was verified; the platform account is asked at the next start
            self.stderr.write(str(error))
        except (OperationalError, InterfaceError) as error:
            if not trouble.may_pass(error):
                raise
            self.stderr.write(f"waiting for the database: {' '.join(str(error).split())}")
            return False
        return True
