"""The incident switch as a command."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from console.operations.admission import Denied
from console.operations.commands import BAD_INPUT, REFUSED, StaffCommand, form_token
from console.operations.fields import REASON_LENGTH
from console.people import roles
from gateway import texts
from issuing.incident import models
from issuing.incident.forms import MOST_DAYS, MOST_IDS
from issuing.incident.models import HOLDERS, Plan, Selection
from issuing.incident.pages import FREEZES


class Command(StaffCommand):
    """Prints what is frozen and which runs do it; the worker does. Exit status as for every command."""

    asks_reason = True
    help = "Freeze every active card of accounts, of cardholders, of a list, or used at a merchant: for an incident."

    def add_arguments(self, parser: CommandParser) -> None:
        """What is meant."""
        super().add_arguments(parser)
        parser.add_argument("--accounts", nargs="+", default=[], metavar="ACCOUNT", help="All cards of these.")
        parser.add_argument(
            "--cards", nargs="+", default=[], metavar="ID", help="These cards, or those of cardholders."
        )
        parser.add_argument("--merchant", default="", help="Cards used there: a part of its name, or its network id.")
        parser.add_argument("--days", type=int, default=7, help="How many days back the merchant is looked for.")
        parser.add_argument("--preview", action="store_true", help="Say what would be frozen, and freeze nothing.")
        parser.add_argument("--token", default="", help="The same word again finds the first freeze.")

    def work(self, options: dict[str, Any]) -> None:
        """Freeze. Raises CommandError."""
        user = self.person(options)
        if not user.has_perm(FREEZES):
            raise CommandError(f"{roles.lacking(FREEZES)}", returncode=REFUSED)
        selection = self.selection(options)
        planned = models.plan(selection, may_holders=user.has_perm(HOLDERS))
        self.say(planned)
        if options["preview"]:
            return
        token = form_token(options["token"], "freeze_cards")
        try:
            freeze = models.begin(
                selection,
                user=user,
                reason=options["reason"],
                ticket=options["ticket"],
                form_token=token,
                via="command",
            )
        except Denied as denied:
            raise CommandError(str(denied), returncode=REFUSED) from None
        for run in freeze.runs:
            self.stdout.write(f"run {run.pk} {run.verb} {run.total} rows {run.state}")
        self.stdout.write(f"{freeze.get_absolute_url()}")

    def selection(self, options: dict[str, Any]) -> Selection:
        """What the options name; CommandError (2) where that is nothing, too much, or not known here."""
        selection = Selection(" ".join([*options["accounts"], *options["cards"]]), options["merchant"], options["days"])
        unread = [*selection.named.unread, *selection.unknown()]
        wrong = ""
        if not (selection.named.ids or selection.merchant):
            wrong = "Name accounts, cards or a merchant."
        elif unread:
            wrong = f"Not known here: {', '.join(unread[:5])}."
        elif len(selection.named.ids) > MOST_IDS or not 1 <= selection.days <= MOST_DAYS:
            wrong = f"At most {MOST_IDS} ids, and between 1 and {MOST_DAYS} days."
        elif 0 < len(selection.merchant) < 3:
            wrong = "Give at least 3 characters of the merchant."
        elif len(texts.readable(options["reason"])) < REASON_LENGTH:
            wrong = f"A reason of at least {REASON_LENGTH} characters is needed."
        if wrong:
            raise CommandError(wrong, returncode=BAD_INPUT)
        return selection

    def say(self, planned: Plan) -> None:
        """One line of counts."""
        held = "".join(f", {many} open ({amount} {currency})" for currency, many, amount in planned.held)
        self.stdout.write(
            f"{planned.many} cards, {planned.people} cardholders, {len(planned.accounts)} accounts,"
            f" {planned.calls} calls, {planned.length.total_seconds():.0f} s{held}"
        )
