"""manage.py bulk_run VERB --file rows.csv --reason … [--dry-run]"""

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from console.bulk import control, effects, files, runs
from console.bulk.commands import RunCommand
from console.bulk.models import BulkRow, BulkRun
from console.bulk.rows import weigh
from console.bulk.runs import Wanted
from console.operations import verbs
from console.operations.commands import BAD_INPUT, REFUSED, UNKNOWN, StaffCommand
from console.operations.verbs import Verb
from console.people.masking import Mask
from console.people.models import User
from console.people.signed_in import PERSONAL
from gateway import copied
from gateway.mirror import account_model

State = BulkRow.State


class Command(RunCommand):
    """Begin a bulk run over the rows of a file; the worker goes on with it."""

    asks_reason = True
    help = "Begin a bulk run over the rows of a CSV file: a column id, and one for each value of a row's own."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, which rows, why."""
        StaffCommand.add_arguments(self, parser)
        parser.add_argument("verb", help="The verb’s name, as docs/verbs.md has it.")
        parser.add_argument("--file", required=True, help="CSV, UTF-8; the first line names the columns.")
        parser.add_argument("--token", default="", help="The same word again, with the same rows, finds the first run.")
        parser.add_argument("--dry-run", action="store_true", help="Say what each line would do, and send nothing.")
        parser.add_argument("--leave-out", action="store_true", help="Leave out the lines that are wrong.")

    def go(self, user: User, options: dict[str, Any]) -> None:
        """Check the file, say what is wrong, and begin unless something is."""
        verb = verbs.find(options["verb"])
        if verb is None or not verb.in_files:
            named = ", ".join(each.name for each in verbs.every() if each.in_files)
            raise CommandError(f"No verb {options['verb']} for the rows of a file. There are: {named}.", returncode=2)
        try:
            rows = files.wanted(files.read(Path(options["file"]).read_bytes(), verb), verb)
        except (OSError, files.Unreadable) as problem:
            raise CommandError(str(problem), returncode=BAD_INPUT) from None
        token = form_token(verb, options["token"])
        if not options["dry_run"] and (first := begun_before(token, user, rows, options)):
            self.end(first)
            return
        self.say(rows, Mask(user.has_perm(PERSONAL)))
        self.say_load(verb, rows)
        if options["dry_run"]:
            self.tell_changes(verb, user, rows)
        bad = sum(row.state == State.BAD for row in rows)
        if options["dry_run"]:
            if bad:
                raise CommandError(f"{bad} of {len(rows)} rows are wrong. Nothing was sent.", returncode=BAD_INPUT)
            return
        if bad and not options["leave_out"]:
            said = f"{bad} of {len(rows)} rows are wrong: nothing was sent. Give --leave-out to begin without them."
            raise CommandError(said, returncode=BAD_INPUT)
        if not any(row.state == State.WAITING for row in rows):
            raise CommandError("Nothing can be done with any of these rows.", returncode=REFUSED)
        self.begin(verb, user, rows, token, options)

    def say(self, rows: list[Wanted], mask: Mask) -> None:
        """A line for each row that will not be done, and how many will; what may be personal as this person sees it."""
        for row in rows:
            if row.state != State.WAITING:
                target = row.object_id or row.account_id
                own = Mask(mask.may_see, frozenset() if copied.AN_ID.fullmatch(target) else frozenset({target}))
                self.stderr.write(f"line {row.position} {own.text(target)}: {row.state}: {own.text(row.why)}")
        able = sum(row.state == State.WAITING for row in rows)
        self.stdout.write(f"{able} of {len(rows)} rows can be done.")

    def say_load(self, verb: Verb, rows: list[Wanted]) -> None:
        """What the rows carry together, as the policy weighs it, and whether another person has to approve them."""
        able = [row for row in rows if row.state == State.WAITING]
        load = weigh(verb, {}, (able[at : at + runs.BATCH] for at in range(0, len(able), runs.BATCH)))
        for name, words in load.facts():
            self.stdout.write(f"{name}: {words}.")
        if why := control.why_second(verb, len(able), load, able[0].params if len(able) == 1 else None):
            self.stdout.write(f"{why} Another person approves it before anything is sent.")

    def tell_changes(self, verb: Verb, user: User, rows: list[Wanted]) -> None:
        """A line for each row that has values of its own: what they would change, as this person may see it."""
        able = [row for row in rows if row.state == State.WAITING and row.params]
        may_see = user.has_perm(PERSONAL)
        for at in range(0, len(able), runs.BATCH):
            part = able[at : at + runs.BATCH]
            ids = [row.object_id or row.account_id for row in part]
            found: Any = (verb.noun or account_model()).objects.in_bulk(ids)
            verb.gather(list(found.values()))
            for row in part:
                target = row.object_id or row.account_id
                said = effects.of_row(verb, found.get(target), row.params, may_see=may_see)
                self.stdout.write(f"line {row.position} {target}: {said}")

    def begin(self, verb: Any, user: User, rows: list[Wanted], token: str, options: dict[str, Any]) -> None:
        """Begin it, and tell of it."""
        run = runs.begin(
            verb,
            user=user,
            rows=rows,
            reason=options["reason"],
            ticket=options["ticket"],
            via="command",
            form_token=token,
        )
        self.end(run)

    def end(self, run: BulkRun) -> None:
        """Tell of it; raises CommandError where it waits for a second person."""
        self.tell(run)
        if run.state == BulkRun.State.DRAFT:
            url = f"{settings.CONSOLE_URL}{run.get_absolute_url()}"
            raise CommandError(f"Nothing was sent: it waits for a second person. {url}", returncode=UNKNOWN)


def form_token(verb: Verb, word: str) -> str:
    """What --token stands for; "" for none."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"bulk:{word}:{verb.name}").hex if word else ""


def begun_before(token: str, user: User, rows: list[Wanted], options: dict[str, Any]) -> BulkRun | None:
    """The run that the same word began over the same rows, though nothing may be left to do with them by now."""
    same = {"user": user, "reason": options["reason"].strip(), "ticket": options["ticket"]}
    run = BulkRun.objects.filter(form_token=token, **same).exclude(total=0).first() if token else None
    if run is None:
        return None
    first = {row.position: row for row in run.rows.all()}
    alike = len(first) == len(rows) and all(_alike(row, first.get(row.position)) for row in rows)
    return run if alike else None


def _alike(row: Wanted, first: BulkRow | None) -> bool:
    """Whether a line says what it said then; of one that is left out by now only its object is known."""
    if first is None or (row.account_id, row.object_id) != (first.account_id, first.object_id):
        return False
    return row.state != State.WAITING or bool(first.forgotten_at) or row.params == first.params
