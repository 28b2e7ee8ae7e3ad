"""The base of commands that act at Stripe: the same door, with a person, a reason, and an exit status.

Exit status: 0 all done, 1 refused (by Stripe or by the console), 2 bad input, 3 not known yet, or waiting for a second
person.
"""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.urls import reverse

from console.operations import door, rights, sent_before, verbs
from console.operations.admission import Denied
from console.operations.door import Performed
from console.operations.fields import Where
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import tokens
from console.people.models import User
from console.shell import nouns
from gateway import binding, copied, texts

State = Operation.State
OK, REFUSED, BAD_INPUT, UNKNOWN = range(4)


class Terminal(OutputWrapper):
    """A command's output, in which nothing from outside steers the terminal or turns a line round."""

    def write(self, msg: str = "", style_func: Any = None, ending: str | None = None) -> None:  # type: ignore[override]
        """Line by line."""
        super().write("\n".join(map(texts.one_line, msg.split("\n"))), style_func, ending)


@dataclass(frozen=True)
class Target:
    """What one operation of a command is about; all empty for a verb about no account."""

    account_id: str = ""
    account_name: str = ""
    object_id: str = ""

    @property
    def id(self) -> str:
        """The object's id, else the account's."""
        return self.object_id or self.account_id


class StaffCommand(BaseCommand):
    """A command in which a person acts. What it does is its `work`, which asks `person` who that is.

    With `asks_reason` it asks for a reason and a ticket. `--as` names the person in the sandbox only; elsewhere a
    personal token does (CONSOLE_TOKEN or --token-file).
    """

    requires_system_checks = "__all__"
    asks_reason = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and why."""
        parser.add_argument("--as", dest="as_user", metavar="USER", default="", help="Who acts (in the sandbox only).")
        parser.add_argument(
            "--token-file", default="", help="A file with your personal token, instead of CONSOLE_TOKEN."
        )
        if self.asks_reason:
            parser.add_argument("--reason", required=True, help="Why, for the audit trail: at least 10 characters.")
            parser.add_argument("--ticket", default="", help="The case this belongs to.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Its work, with what proves who acts; nothing that it prints steers the terminal."""
        self.stdout, self.stderr = Terminal(self.stdout), Terminal(self.stderr)  # type: ignore[arg-type]
        binding.check_command()
        self.work({**options, "personal_token": personal_token(options["token_file"])})

    def work(self, options: dict[str, Any]) -> None:
        """The command's work."""
        raise NotImplementedError

    def person(self, options: dict[str, Any]) -> User:
        """Who acts; CommandError (2 or 1) where that is not said or not proven."""
        if settings.CONSOLE_MODE == "sandbox":
            user = User.objects.named(options["as_user"])
            if user is None or not user.is_active:
                raise CommandError("Name an active member of staff with --as.", returncode=BAD_INPUT)
            return user
        if options["as_user"]:
            raise CommandError("--as works in the sandbox only. Use a personal token.", returncode=BAD_INPUT)
        user = tokens.find(options["personal_token"])
        if user is None or not self.lets(user):
            raise CommandError("No valid personal token of somebody who may use this command.", returncode=REFUSED)
        return user

    def lets(self, user: User) -> bool:
        """Whether the owner of a token may use this command at all, outside of the sandbox."""
        return user.has_perm(tokens.USES)


class VerbCommand(StaffCommand):
    """A subclass names its verb, adds arguments for the form's fields in `add_fields`, and may word its lines.

    For a verb about accounts, or about objects of accounts, it takes their ids as arguments and makes one operation
    for each, after every one was found and the fields were checked for it. No command approves anything.
    """

    verb_name, asks_reason = "", True

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, why, and which objects."""
        super().add_arguments(parser)
        parser.add_argument(
            "--token", default="", help="The same word again, with the same values, finds the first operation."
        )
        parser.add_argument("--sure", action="store_true", help="Do what the page would ask about before it sends it.")
        if self.verb.noun:
            parser.add_argument("objects", nargs="+", metavar=self.verb.noun_name.upper(), help="Their ids.")
        elif self.verb.about_account:
            parser.add_argument("accounts", nargs="+", metavar="ACCOUNT", help="Ids of accounts.")
        self.add_fields(parser)

    def add_fields(self, parser: CommandParser) -> None:
        """Arguments named as the form's fields (`--business-name` for business_name); none by default."""

    def lets(self, user: User) -> bool:
        """Whoever may use commands; and who may do this one verb within bounds, as on its page: the door holds them."""
        return super().lets(user) or (user.has_perm(tokens.MAKES) and rights.bounded(user, self.verb))

    @property
    def verb(self) -> Verb:
        """The verb it does."""
        return verbs.get(self.verb_name)

    def work(self, options: dict[str, Any]) -> None:
        """One operation for each object, one line for each; raises CommandError with the worst status at the end."""
        self.person(options)
        targets = self.targets(options)
        params = {target.id: self.params(options, target) for target in targets}
        # Asked anew for each: a token that is revoked meanwhile, or a person who is shut out, acts no further.
        statuses = [self.act(self.person(options), target, params[target.id], options) for target in targets]
        if any(statuses):
            failed = sum(status != OK for status in statuses)
            raise CommandError(f"{failed} of {len(statuses)} not done.", returncode=max(statuses))

    def targets(self, options: dict[str, Any]) -> list[Target]:
        """What was named, each once; CommandError (2) for what we do not have. An object's account is looked up."""
        if self.verb.noun is None:
            accounts = dict.fromkeys(map(copied.tidy, options.get("accounts") or [""]))
            return [Target(account_id, self.account_name(account_id)) for account_id in accounts]
        named = list(map(copied.tidy, options["objects"]))
        found = self.verb.noun.objects.in_bulk(named)
        for object_id in named:
            if object_id not in found:
                raise CommandError(f"No {self.verb.noun_name} {object_id}.", returncode=BAD_INPUT)
        ids = {object_id: str(found[object_id].account_id) for object_id in named}
        return [Target(account_id, self.account_name(account_id), each) for each, account_id in ids.items()]

    def account_name(self, account_id: str) -> str:
        """Its name; CommandError (2) for an account that we do not have."""
        name = nouns.account_label(account_id) if account_id else ""
        if name is None:
            raise CommandError(f"No account {account_id}.", returncode=BAD_INPUT)
        return name

    def params(self, options: dict[str, Any], target: Target) -> dict[str, Any]:
        """What the verb's form makes of the options; CommandError (2) with what is wrong."""
        data = self.entries(options, target)
        if options["token"]:
            data["form_token"] = form_token(options["token"], target.id)
        row = self.verb.row(target.account_id, target.object_id)
        form = self.verb.form(data, where=Where(target.account_id, target.object_id, row=row))
        if not form.is_valid():
            wrong = [f"{name}: {' '.join(map(str, problems))}" for name, problems in form.errors.items()]
            raise CommandError("\n".join(wrong), returncode=BAD_INPUT)
        if not options["sure"] and (question := form.question()):
            raise CommandError(f"{question} Give --sure to send it all the same.", returncode=BAD_INPUT)
        return form.cleaned_data

    def entries(self, options: dict[str, Any], target: Target) -> dict[str, Any]:
        """What its form is filled with for this target: the options that were given."""
        return {name: options[name] for name in self.verb.form.base_fields if options.get(name) is not None}

    def act(self, user: User, target: Target, params: dict[str, Any], options: dict[str, Any]) -> int:
        """One operation and its line; the status it counts for."""
        try:
            performed = door.perform(
                self.verb,
                user=user,
                params=params,
                reason=options["reason"],
                ticket=options["ticket"],
                form_token=form_token(options["token"], target.id),
                account_id=target.account_id,
                account_name=target.account_name,
                object_id=target.object_id,
                via="command",
                rows=len(options.get("objects") or options.get("accounts") or [""]),
            )
        except Denied as denied:
            self.stderr.write(f"{target.id or '-'} denied: {denied}")
            return REFUSED
        self.report(performed)
        return {State.SUCCEEDED: OK, State.REFUSED: REFUSED}.get(State(performed.operation.state), UNKNOWN)

    def report(self, performed: Performed) -> None:
        """Print what came of it: ids first; what is shown only once comes last on the line."""
        operation = performed.operation
        if performed.again and (uncompared := sent_before.not_compared(operation)):
            self.stderr.write(uncompared)
        words = [operation.object_id or operation.account_id or "-", operation.state]
        if operation.state == State.SUCCEEDED:
            self.stdout.write(" ".join([*words, *map(str, performed.shown.values())]))
            return
        details = {
            "code": operation.error_code,
            "param": operation.error_param,
            "request": operation.request_id,
            "operation": str(operation.pk),
        }
        said = " ".join(f"{name}={value}" for name, value in details.items() if value)
        told = self._waits(operation) if operation.state == State.AWAITING else operation.error_message
        self.stderr.write(" ".join(filter(None, [*words, told, said])))

    @staticmethod
    def _waits(operation: Operation) -> str:
        """That nothing was sent, why, and where another person decides: no command does."""
        approval = operation.approval
        url = f"{settings.CONSOLE_URL}{reverse('approval', args=[approval.pk])}"
        return f"Nothing was sent: it waits for a second person. {approval.why} {url}"


def personal_token(path: str) -> str:
    """The personal token of the file or the environment."""
    try:
        return Path(path).read_text("utf-8").strip() if path else os.environ.get("CONSOLE_TOKEN", "")
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{path}: {problem}", returncode=BAD_INPUT) from None


def form_token(word: str, target_id: str) -> str:
    """A token for one object of one command: the same word and object give the same one."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"command:{word}:{target_id}").hex if word else uuid.uuid4().hex
