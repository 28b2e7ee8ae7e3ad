"""`manage.py mail`: have one mail sent, to see that mail works."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from console.mail import mails
from console.mail.values import Unfit
from console.operations.commands import BAD_INPUT, StaffCommand
from console.record import audit


class Command(StaffCommand):
    """Prints the mail's id and Message-ID; the worker sends it. Exit status 2 for what no mail can be made of."""

    help = "Have a mail sent. Its row, its tries and what the mail server said stand on the page Mails."

    def add_arguments(self, parser: CommandParser) -> None:
        """To whom, and what."""
        super().add_arguments(parser)
        parser.add_argument("--to", required=True, help="One e-mail address.")
        parser.add_argument("--template", default="test", help="By default a test, which carries a link.")
        parser.add_argument(
            "--value",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="A value of it; may stand often.",
        )

    def work(self, options: dict[str, Any]) -> None:
        """One mail, with its row in the audit trail."""
        values = _values(options["template"], options["value"])
        user = self.person(options)
        try:
            with transaction.atomic():
                mail = mails.queue(options["template"], options["to"], values, user=user)
                audit.record("mail.queued", user=user, subject=mail.pk, detail={"template": mail.template})
        except Unfit as wrong:
            raise CommandError(str(wrong), returncode=BAD_INPUT) from None
        self.stdout.write(f"{mail.pk} {mail.message_id} {mail.state}")


def _values(template: str, given: list[str]) -> dict[str, Any]:
    """The values as they were typed; figures are numbers. The test's link needs none."""
    pairs = [each.partition("=") for each in given]
    values: dict[str, Any] = {name: int(text) if text.isdecimal() else text for name, _, text in pairs}
    return {"link": "admin:console_mail_changelist", **values} if template == "test" else values
