"""Stop writes to Stripe, or let them go on."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from console.brakes import changes
from console.brakes.changes import Impossible
from console.brakes.models import Brake
from console.operations.commands import BAD_INPUT, REFUSED, UNKNOWN, StaffCommand
from console.operations.fields import REASON_LENGTH
from gateway import copied, texts

Scope = Brake.Scope
NAMED = (Scope.VERB, Scope.ACCOUNT)


class Command(StaffCommand):
    """One line, and an exit status: 0 done, 1 refused, 2 bad input, 3 waiting for another administrator."""

    asks_reason = True
    help = "Stop all writes to Stripe, all that moves money, one verb or one account; or lift that (--lift)."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, who and why."""
        super().add_arguments(parser)
        parser.add_argument("scope", choices=Scope.values, help="What to stop.")
        parser.add_argument("target", nargs="?", default="", help="The verb's name or the account's id.")
        parser.add_argument("--lift", action="store_true", help="Let it go on (in live mode: ask for that).")

    def work(self, options: dict[str, Any]) -> None:
        """Set or lift it. Raises CommandError."""
        user = self.person(options)
        scope, target, reason = options["scope"], copied.tidy(options["target"]), options["reason"]
        if (scope in NAMED) != bool(target):
            raise CommandError(f"{scope} takes {'a name' if scope in NAMED else 'no name'}.", returncode=BAD_INPUT)
        if len(texts.readable(reason)) < REASON_LENGTH:
            raise CommandError(f"A reason of at least {REASON_LENGTH} characters is needed.", returncode=BAD_INPUT)
        try:
            if not options["lift"]:
                brake = changes.set_brake(user, scope, target, reason=reason, ticket=options["ticket"])
                self.stdout.write(f"{brake}.")
                return
            found = Brake.objects.standing().filter(scope=scope, target=target).first()
            if found is None:
                raise Impossible("No such brake stands.")
            brake = changes.lift(found, user, reason=reason)
        except Impossible as wrong:
            raise CommandError(str(wrong), returncode=REFUSED) from None
        if not brake.lifted_at:
            raise CommandError("Asked for. Another administrator confirms it on its page.", returncode=UNKNOWN)
        self.stdout.write(f"{brake.what}: lifted.")
