"""`manage.py sync`: bring the mirror in step with Stripe's lists."""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import OperationalError

from gateway import binding, sync
from gateway.digits import is_whole
from gateway.errors import Refused, Unreachable
from gateway.mirror import Misplaced
from gateway.processes import Ended, spare_the_collector
from gateway.telling import Telling
from gateway.walking import Progress

AGAIN = "Run it again: it goes on where it stopped."
AGO, UNITS = re.compile(r"([1-9][0-9]{0,4})([mhd])"), {"m": "minutes", "h": "hours", "d": "days"}
TOLD = ("noun", "object_id", "account", "kind", "fields")
SWITCH = 0.001  # seconds after which a thread that absorbs lets those go on whose turn to call has come


def some(text: str) -> int:
    """A number from 1 to 64."""
    if not is_whole(text) or not 1 <= int(text) <= 64:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to 64")
    return int(text)


def moment(text: str) -> timedelta | datetime:
    """ "90m", "12h" or "7d" ago, or a date or time of ISO 8601, in UTC where it names no zone."""
    if found := AGO.fullmatch(text):
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is neither like 90m, 12h or 7d nor a date like 2026-11-20T08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def written_by(stream: OutputWrapper) -> Callable[[str], None]:
    """Writes a text as it is, at once."""

    def write(text: str) -> None:
        stream.write(text, style_func=str, ending="")
        stream.flush()

    return write


class Command(BaseCommand):
    """Walk every list at Stripe. Safe to interrupt and to repeat; runs beside everything else."""

    help = "Imports accounts and all that belongs to them from Stripe, and finds what webhooks did not bring."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which nouns, of which accounts, and how."""
        parser.add_argument("--only", action="append", metavar="NOUN", help="such as person; may be repeated")
        parser.add_argument("--account", action="append", metavar="ACCT", help="such as acct_1; may be repeated")
        ago = "list the events since then alone (7d, 12h, 90m ago, or a date): the worker applies what is missing"
        parser.add_argument("--since", type=moment, metavar="WHEN", help=ago)
        dry = "compare field by field and say what differs; write nothing of it"
        parser.add_argument("--dry-run", action="store_true", help=dry)
        parser.add_argument("--json", action="store_true", help="lines for machines on standard output")
        calls = "calls under way at once (default: %(default)s); STRIPE_RATE bounds how many begin in a second"
        parser.add_argument("--threads", type=some, default=sync.THREADS, help=calls)
        several = "processes that write what this one reads (default: it does both itself)"
        parser.add_argument("--processes", type=some, default=1, help=several)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; how far it is goes to standard error, what came of it to standard output."""
        binding.check_command()
        if options["since"] and (options["dry_run"] or options["processes"] > 1):
            raise CommandError("--since lists events: it goes with neither --dry-run nor --processes.")
        sys.setswitchinterval(SWITCH)
        spare_the_collector()
        out, err = written_by(self.stdout), written_by(self.stderr)
        telling = Telling(out, err, as_json=options["json"], terminal=self.stderr.isatty())
        try:
            done = self.run(telling, **options)
        except CommandError as error:
            telling.line("error", message=str(error))
            raise
        finally:
            telling.clear()
        self.say(done, telling, **options)

    def run(self, telling: Telling, **options: Any) -> Progress:
        """Do what was asked for. Raises CommandError alone."""
        what = (options["only"], options["account"], telling, options["threads"])
        try:
            if options["since"]:
                return sync.since(options["since"], *what)
            return (sync.compare if options["dry_run"] else sync.run)(*what, options["processes"])
        except (sync.UnknownNoun, sync.UnknownAccount, sync.NotByEvents, Misplaced, ValueError) as error:
            raise CommandError(str(error)) from None
        except Refused as error:
            raise CommandError(f"Stripe refused: {error.message} (code {error.code}, {error.request_id})") from None
        except (Unreachable, Ended) as error:
            raise CommandError(f"{error} {AGAIN}") from None
        except OperationalError as error:
            raise CommandError(f"The database: {str(error).strip()}. {AGAIN}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted. {AGAIN}") from None

    def say(self, done: Progress, telling: Telling, **options: Any) -> None:
        """What came of it: findings each in a line, and a summary."""
        for drift in sync.found(options["only"], options["account"]) if options["dry_run"] else ():
            telling.line("drift", **{name: getattr(drift, name) for name in TOLD})
            if not options["json"]:
                self.stdout.write(str(drift))
        telling.progress = done
        telling.line("done", **telling.figures())
        if not options["json"]:
            verb = "stored" if options["since"] else "differ" if options["dry_run"] else "differed"
            self.stdout.write(in_words(done, verb))


def in_words(done: Progress, verb: str) -> str:
    """What came of it, in a line."""
    summary = f"{done.walked} lists walked, {done.objects} objects seen, {done.differences} {verb}"
    refused = f", {done.refused} lists refused by Stripe" if done.refused else ""
    slowed = f", slowed down by Stripe {done.slowed} times" if done.slowed else ""
    return f"{summary}{refused}{slowed}."
