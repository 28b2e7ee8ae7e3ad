"""`manage.py erase_person`: have names and words of the audit trail forgotten, and wait until they are."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from console.operations.commands import BAD_INPUT, REFUSED, StaffCommand
from console.operations.fields import REASON_LENGTH
from console.people.models import User
from console.record import erasure
from console.record.models import Erasure
from gateway import texts

Kind = Erasure.Kind


class Command(StaffCommand):
    """Exit status 1 where it is refused, 2 where the arguments are wrong. Interrupted, the worker goes on with it."""

    asks_reason = True
    help = (
        "Erase the names, reasons, tickets and words of all rows of the audit trail about a person of staff, an account"
        " or an object. Rows, ids and moments stay, and the chain stays whole. It cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, why, and one of three that is meant."""
        super().add_arguments(parser)
        parser.add_argument("--sure", action="store_true", help="Do it; without it the rows are only counted.")
        parser.add_argument("--user", default="", help="A person of staff who may not sign in any more.")
        parser.add_argument("--account", default="", help="The id of an account.")
        parser.add_argument("--subject", default="", help="The id of an object.")

    def work(self, options: dict[str, Any]) -> None:
        """Say how many rows are meant; with --sure erase them."""
        user = self.person(options)
        kind, key = self.meant(options)
        if len(texts.readable(options["reason"])) < REASON_LENGTH:
            raise CommandError(f"A reason of at least {REASON_LENGTH} characters is needed.", returncode=BAD_INPUT)
        if why := erasure.objection(kind, key, user):
            raise CommandError(why, returncode=REFUSED)
        if not options["sure"]:
            many, others = erasure.left(kind, key)[0], erasure.elsewhere(kind, key)
            also = f", and what {others} rows of bulk runs hold" if others else ""
            raise CommandError(f"{many} rows would be erased for good{also}. Say --sure.", returncode=BAD_INPUT)
        try:
            begun = erasure.begin(kind, key, user=user, reason=options["reason"], ticket=options["ticket"][:64])
        except erasure.NotErased as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from None
        erasure.work(str(begun.pk))
        begun.refresh_from_db()
        going = "" if begun.finished_at else " so far; the worker goes on"
        self.stdout.write(f"Erased names and words of {begun.blanked} rows{going}. Row {begun.entry_id} tells of it.")

    def meant(self, options: dict[str, Any]) -> tuple[str, str]:
        """Which rows; CommandError (2) where not one of the three is given."""
        given = [(kind, options[kind.value]) for kind in Kind if options[kind.value]]
        if len(given) != 1:
            raise CommandError("Give one of --user, --account and --subject.", returncode=BAD_INPUT)
        kind, key = given[0]
        if kind == Kind.USER:
            found = User.objects.named(key)
            key = str(found.pk) if found else ""
        return kind.value, key
