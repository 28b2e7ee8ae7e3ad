"""`manage.py sandbox`: the sandbox, started like every other part of the project."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sandbox.__main__ import add_arguments, run


class Command(BaseCommand):
    """Run the local sandbox until INT or TERM."""

    help = "Run a small Stripe that remembers, on this machine (not Stripe's Sandboxes)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The same options as `python -m sandbox`."""
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it; the exit status is its own."""
        sys.exit(run(options["port"], options["host"], options["store"], options["allowed_hosts"]))
