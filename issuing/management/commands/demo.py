"""`manage.py demo`: a world of 40 accounts and three weeks of authorizations, at the local sandbox."""

import time
from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.management.commands.seed_accounts import control
from gateway import catch_up, clock, health
from gateway.digits import whole_number
from gateway.errors import Refused, Unreachable
from gateway.models import Event
from issuing.demo import build, mirror
from issuing.demo.names import BUSINESSES
from issuing.demo.plan import DAY, DAYS, Step, plan

EVENING = time_of_day(18, tzinfo=UTC)
PATIENCE = 300  # seconds for the worker to apply what happened


def evening(day: date) -> int:
    """18:00 UTC of a day, in unix seconds."""
    return int(datetime.combine(day, EVENING).timestamp())


def last_evening() -> int:
    """The last 18:00 UTC that is past, by this machine's clock: to be asked of an emptied sandbox, which has it too."""
    now = clock.now()
    return evening(now.date() if now.hour >= EVENING.hour else now.date() - timedelta(days=1))


class Command(BaseCommand):
    """Plan, empty, build, mirror."""

    help = (
        "Fills the local sandbox with accounts, cardholders, cards and three weeks of authorizations, through its API "
        "alone. The same seed gives the same world, moved to the day it ends on. Events are not delivered meanwhile: "
        "afterwards both webhook endpoints are registered, the mirror is synced and the events are listed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Size, seed, time, and leave to empty what is there."""
        parser.add_argument("--accounts", type=whole_number, default=len(BUSINESSES), help=f"1 to {len(BUSINESSES)}")
        parser.add_argument("--seed", type=whole_number, default=1)
        parser.add_argument("--day", help="it ends at 18:00 UTC of this day, such as 2026-11-24; else the last 18:00")
        parser.add_argument("--reset", action="store_true", help="empty the sandbox and the mirror first")
        parser.add_argument("--no-mirror", action="store_true", help="fill the sandbox alone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say why not."""
        if not settings.SANDBOX:
            raise CommandError("A demo world exists in the sandbox only.")
        day = self.checked(options)
        try:
            if not options["reset"] and not build.is_empty():
                raise CommandError("The sandbox is not empty. With --reset everything in it is forgotten first.")
            build.begin()
            end, emptied, began = evening(day) if day else last_evening(), clock.timestamp(), time.monotonic()
            self.build(plan(options["seed"], options["accounts"], end), end)
            if not day:  # go on to this machine's time and never beyond, or a client's "now" would be the past there
                control("clock", {"set": max(end, emptied + int(time.monotonic() - began))})
                clock.refresh()
            if not options["no_mirror"]:
                self.mirror()
        except Refused as refused:
            raise CommandError(f"The sandbox refused: {refused.message} ({refused.param or refused.code})") from None
        except (Unreachable, OSError) as problem:
            raise CommandError(f"The sandbox did not do as it was told: {problem}") from None

    def checked(self, options: dict[str, Any]) -> date | None:
        """The last day of the world, None where none is given. Checked before anything is deleted."""
        if not 1 <= options["accounts"] <= len(BUSINESSES):
            raise CommandError(f"--accounts is a number from 1 to {len(BUSINESSES)}.")
        try:
            return date.fromisoformat(options["day"]) if options["day"] else None
        except ValueError:
            raise CommandError("--day is a day such as 2026-11-24.") from None

    def build(self, steps: list[Step], end: int) -> None:
        """Empty the sandbox and the mirror, then live through the three weeks."""
        began = time.monotonic()
        settings.STRIPE_RATE = 0.0  # the budget keeps Stripe's limits; this sandbox has none, and is not Stripe
        build.begin(end - end % DAY - DAYS * DAY)
        mirror.forget()
        builder = build.Builder(f"demo-{end}")
        builder.run(steps, lambda done, at: self.show(done, len(steps), at))
        control("clock", {"set": end})
        self.stdout.write(f"{len(steps)} steps in {time.monotonic() - began:.0f} s.")

    def mirror(self) -> None:
        """Bring the console up to date: endpoints, lists, then the events."""
        began = time.monotonic()
        call_command("register_webhooks", stdout=self.stdout, stderr=self.stderr)
        call_command("sync", stdout=StringIO(), stderr=self.stderr)
        found = catch_up.run()
        self.stdout.write(f"Mirrored in {time.monotonic() - began:.0f} s; {found} events wait for the worker.")
        self.follow()

    def follow(self) -> None:
        """Until the worker has applied all events; or say how many still wait, where none works or it takes long."""
        began, waits = time.monotonic(), Event.objects.filter(state=Event.State.WAITING)
        while waiting := waits.count():
            beat = health.last_beat(health.WORKER)
            if beat is None or beat.total_seconds() > settings.HEARTBEAT_LIMIT:
                self.stdout.write(f"Events that still wait: {waiting}. No worker runs; `make run` applies them.")
                return
            if time.monotonic() > began + PATIENCE:
                self.stdout.write(f"Events that still wait: {waiting}. The worker goes on with them.")
                return
            self.draw(f"Events that wait for the worker: {waiting}")
            time.sleep(0.5)
        self.draw("")
        self.stdout.write(f"The worker is done: every event was applied within {time.monotonic() - began:.0f} s.")

    def show(self, done: int, all_: int, at: int) -> None:
        """How far the world is."""
        self.draw("" if done == all_ else f"{datetime.fromtimestamp(at, UTC):%a %-d %b %H:%M}  {done}/{all_} steps")

    def draw(self, words: str) -> None:
        """One line that is drawn over itself on a terminal."""
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{words}", ending="")
            self.stdout.flush()
