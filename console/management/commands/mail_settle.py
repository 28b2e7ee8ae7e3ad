"""`manage.py mail_settle`: what becomes of mails that failed or are in doubt."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from console.mail import deciding
from console.mail.models import Mail
from console.operations.commands import BAD_INPUT, REFUSED, StaffCommand
from gateway import copied


class Command(StaffCommand):
    """One line for each mail. Without a decision it lists those that need one. Exit status 1 where one was refused."""

    help = "List mails that failed or are in doubt, or decide what becomes of them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, what, and why."""
        super().add_arguments(parser)
        parser.add_argument("mails", nargs="*", metavar="MAIL", help="Their ids.")
        parser.add_argument("--all-failed", action="store_true", help="All that failed, besides those that are named.")
        parser.add_argument("--reason", default="", help="Why, for the audit trail: at least 10 characters.")
        decision = parser.add_mutually_exclusive_group()
        for name, words in (("sent", "They were sent."), ("again", "Send them again."), ("drop", "Never send them.")):
            decision.add_argument(f"--{name}", dest="decision", action="store_const", const=name, help=words)

    def work(self, options: dict[str, Any]) -> None:
        """Decide, or list."""
        if not options["decision"]:
            for mail in Mail.objects.needing_a_person().order_by("created_at", "id"):
                self.stdout.write(f"{mail.pk} {mail.state} {mail.message_id} {mail.template} {mail.error}")
            return
        if len(options["reason"].strip()) < 10:
            raise CommandError("Give --reason, at least 10 characters.", returncode=BAD_INPUT)
        refused = sum(not self.decided(mail, options) for mail in self.named(options))
        if refused:
            raise CommandError(f"{refused} not decided.", returncode=REFUSED)

    def named(self, options: dict[str, Any]) -> list[Mail]:
        """The mails; CommandError (2) for one that we do not have, or for none."""
        ids = list(map(copied.tidy, options["mails"]))
        found = Mail.objects.in_bulk(ids)
        if missing := [each for each in ids if each not in found]:
            raise CommandError(f"No mail {missing[0]}.", returncode=BAD_INPUT)
        failed = Mail.objects.filter(state=Mail.State.FAILED) if options["all_failed"] else Mail.objects.none()
        mails = list({**found, **{mail.pk: mail for mail in failed}}.values())
        if not mails and not options["all_failed"]:
            raise CommandError("Name mails, or give --all-failed.", returncode=BAD_INPUT)
        return mails

    def decided(self, mail: Mail, options: dict[str, Any]) -> bool:
        """Decide about one, and say what came of it."""
        try:
            deciding.decide(mail, options["decision"], user=self.person(options), reason=options["reason"])
        except deciding.Denied as denied:
            self.stderr.write(f"{mail.pk} denied: {denied}")
            return False
        self.stdout.write(f"{mail.pk} {mail.state}")
        return True
