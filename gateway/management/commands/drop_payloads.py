"""`manage.py drop_payloads`: what is done by itself each hour, at once and to the end."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway import clock, retention


class Command(BaseCommand):
    """Drop the payloads of old events that are done."""

    help = (
        "Drops what events older than 30 days showed, once they are done: their changes stand in history and the rows "
        "stay. In batches; safe to repeat, and to interrupt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --days and --dry-run."""
        kept = retention.KEPT.days
        parser.add_argument("--days", type=int, default=kept, help=f"keep those of so many days ({kept} or more)")
        parser.add_argument("--dry-run", action="store_true", help="say how many are due and drop none")

    def handle(self, *args: Any, days: int, dry_run: bool, **options: Any) -> None:
        """Batch after batch."""
        if days < retention.KEPT.days:
            raise CommandError(f"Stripe lists events for {retention.KEPT.days} days, and so long they stay whole here.")
        until = clock.now() - timedelta(days=days)
        if dry_run:
            self.stdout.write(f"{retention.due(until).count()} payloads are due.")
            return
        self.stdout.write(f"{sum(retention.drop_old(until))} payloads dropped.")
