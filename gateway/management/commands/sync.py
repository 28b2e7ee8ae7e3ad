"""`manage.py sync`: bring the mirror in step with Stripe's lists."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway import binding, sync
from gateway.digits import whole_number
from gateway.errors import Refused, Unreachable

WIDTH = 30


class Command(BaseCommand):
    """Walk every list at Stripe. Safe to interrupt and to repeat; runs beside everything else."""

    help = "Imports accounts and all that belongs to them from Stripe, and finds what webhooks did not bring."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which nouns, of which accounts."""
        parser.add_argument("--only", action="append", metavar="NOUN", help="such as person; may be repeated")
        parser.add_argument("--account", action="append", metavar="ACCT", help="such as acct_1; may be repeated")
        parser.add_argument("--threads", type=whole_number, default=sync.THREADS, help="lists walked at once")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, with a bar on a terminal and a line a noun elsewhere."""
        binding.check_command()
        self.shown = ""
        try:
            done = sync.run(options["only"], options["account"], self.show, threads=options["threads"])
        except (sync.UnknownNoun, ValueError) as error:
            raise CommandError(str(error)) from None
        except Refused as error:
            raise CommandError(f"Stripe refused: {error.message} (code {error.code}, {error.request_id})") from None
        except Unreachable as error:
            raise CommandError(f"{error.message} Run it again: it goes on where it stopped.") from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Run it again: it goes on where it stopped.") from None
        self.clear()
        summary = f"{done.walked} lists walked, {done.objects} objects seen, {done.differences} differed"
        self.stdout.write(f"{summary}, {done.refused} lists refused by Stripe." if done.refused else f"{summary}.")

    def show(self, progress: sync.Progress) -> None:
        """Draw the bar, or say which noun is being walked."""
        if self.stdout.isatty():
            full = WIDTH * progress.walked // max(progress.lists, 1)
            bar = f"[{'#' * full}{'.' * (WIDTH - full)}] {progress.walked}/{progress.lists} lists"
            self.stdout.write(f"\r\033[K{bar}  {progress.objects} objects  {progress.noun}", ending="")
            self.stdout.flush()
        elif progress.noun and progress.noun != self.shown:
            self.stdout.write(f"{progress.noun}: {progress.walked} of {progress.lists} lists walked")
        self.shown = progress.noun or self.shown

    def clear(self) -> None:
        """Take the bar away."""
        if self.stdout.isatty():
            self.stdout.write("\r\033[K", ending="")
