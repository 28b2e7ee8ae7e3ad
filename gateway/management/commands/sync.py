"""`manage.py sync`: bring the mirror in step with Stripe's lists."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway import binding, sync
from gateway.digits import is_whole
from gateway.errors import Refused, Unreachable
from gateway.mirror import Misplaced
from gateway.processes import Ended
from gateway.telling import Telling
from gateway.walking import Progress

AGAIN = "Run it again: it goes on where it stopped."
SWITCH = 0.001  # seconds after which a thread that absorbs lets those go on whose turn to call has come


def some(text: str) -> int:
    """A number from 1 to 64."""
    if not is_whole(text) or not 1 <= int(text) <= 64:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to 64")
    return int(text)


class Command(BaseCommand):
    """Walk every list at Stripe. Safe to interrupt and to repeat; runs beside everything else."""

    help = "Imports accounts and all that belongs to them from Stripe, and finds what webhooks did not bring."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which nouns, of which accounts, and how."""
        parser.add_argument("--only", action="append", metavar="NOUN", help="such as person; may be repeated")
        parser.add_argument("--account", action="append", metavar="ACCT", help="such as acct_1; may be repeated")
        parser.add_argument("--json", action="store_true", help="lines for machines on standard output")
        calls = "calls under way at once (default: %(default)s); STRIPE_RATE bounds how many begin in a second"
        parser.add_argument("--threads", type=some, default=sync.THREADS, help=calls)
        several = "processes that write what this one reads (default: it does both itself)"
        parser.add_argument("--processes", type=some, default=1, help=several)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; how far it is goes to standard error, what came of it to standard output."""
        binding.check_command()
        sys.setswitchinterval(SWITCH)
        telling = Telling(self.stdout, self.stderr, as_json=options["json"])  # type: ignore[arg-type]
        try:
            done = self.run(telling, **options)
        except CommandError as error:
            telling.line("error", message=str(error))
            raise
        finally:
            telling.clear()
        telling.progress = done
        telling.line("done", **telling.figures())
        if not options["json"]:
            self.stdout.write(in_words(done))

    def run(self, telling: Telling, **options: Any) -> Progress:
        """Do what was asked for. Raises CommandError alone."""
        try:
            return sync.run(
                options["only"], options["account"], telling, options["threads"], processes=options["processes"]
            )
        except (sync.UnknownNoun, Misplaced, ValueError) as error:
            raise CommandError(str(error)) from None
        except Refused as error:
            raise CommandError(f"Stripe refused: {error.message} (code {error.code}, {error.request_id})") from None
        except (Unreachable, Ended) as error:
            raise CommandError(f"{error} {AGAIN}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted. {AGAIN}") from None


def in_words(done: Progress) -> str:
    """What came of it, in a line."""
    summary = f"{done.walked} lists walked, {done.objects} objects seen, {done.differences} differed"
    refused = f", {done.refused} lists refused by Stripe" if done.refused else ""
    slowed = f", slowed down by Stripe {done.slowed} times" if done.slowed else ""
    return f"{summary}{refused}{slowed}."
