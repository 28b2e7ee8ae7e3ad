"""`manage.py worker`: background work, supervised."""

import signal
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from console.worker import Supervisor
from gateway import binding
from gateway.errors import Unreachable


class Command(BaseCommand):
    """Run the worker until INT or TERM."""

    help = "Applies events and settles operations in the background. Run one or more, on as many machines as wanted."
    requires_system_checks = "__all__"

    def handle(self, *args: Any, **options: Any) -> None:
        """Bind signals, verify that database, mode and key belong together, and supervise."""
        try:
            binding.bind()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        except Unreachable as error:  # the mode was verified; the platform account is asked at the next start
            self.stderr.write(str(error))
        supervisor = Supervisor()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stop())
        supervisor.run()
