"""Acts of staff, each killed with SIGKILL at every point of its way: `python -m tests.killed_acts erase|brake|lift`.

A point lies before each statement outside of a transaction, and after each one within: so every commit has one on
either side. Prints a JSON line a kill: how the database stood then, what `verify_audit` said, and both again after the
act was repeated as people and the worker repeat it. The last line is of the act that came to its end.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import django

ROWS = 5  # of the trail about each account that is forgotten
WHO = ("--as", "demo", "--reason", "They asked us to forget them")


class KillAt:
    """An execute wrapper that kills its process at one point."""

    def __init__(self, point: int) -> None:
        self.left = point

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run the statement; kill where this is the point."""
        inside = context["connection"].in_atomic_block
        if not inside:
            self.come_closer()
        result = execute(sql, params, many, context)
        if inside:
            self.come_closer()
        return result

    def come_closer(self) -> None:
        """One point more."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def in_child(work: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether a process of its own came to the end of this, and what it returned (JSON)."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        with os.fdopen(writes, "w") as out:
            out.write(json.dumps(work(), default=str))
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as given:
        said = given.read()
    _, status = os.waitpid(pid, 0)
    if status not in (0, signal.SIGKILL):
        raise SystemExit(f"a child ended with {status}")
    return status == 0, json.loads(said) if said else None


def command(*words: str) -> str:
    """What a management command prints, or the sentence with which it refuses."""
    from django.core.management import CommandError, call_command

    out = io.StringIO()
    try:
        call_command(*words, stdout=out)
    except CommandError as refused:
        return str(refused)
    return out.getvalue()


class Erase:
    """Forgetting what the trail has of an account."""

    def prepare(self, account: str) -> None:
        """Rows about it; and parts so few a batch that there are several."""
        from django.db import transaction

        from console.record import audit, erasure

        erasure.BATCH = 2
        for _ in range(ROWS):
            with transaction.atomic():
                audit.record("test.done", account_id=account, account_name="Alder", reason="Marta called")

    def act(self, account: str) -> str:
        """As an administrator does."""
        return command("erase_person", "--account", account, "--sure", *WHO)

    def again(self, account: str) -> None:
        """The worker's next rounds; and, where nothing was begun, the same command once more."""
        from console.record import erasure
        from console.record.models import Erasure
        from gateway import sweep

        sweep.over(Erasure)
        for waiting in Erasure.objects.filter(finished_at=None):
            erasure.work(str(waiting.pk))
        if not Erasure.objects.filter(key=account).exists():
            self.act(account)

    def look(self, account: str) -> dict[str, Any]:
        """Acts, rows of the trail that tell of them, parts that are blank and that are there."""
        from console.record.models import ERASED, AuditPersonal, Erasure

        parts = AuditPersonal.objects.filter(entry__account_id=account).exclude(entry__action=ERASED)
        acts = Erasure.objects.filter(key=account)
        blank = parts.exclude(erased_in=None)
        return {
            "acts": [[act.blanked, act.finished_at is not None] for act in acts],
            "told": AuditPersonal.objects.filter(entry__account_id=account, entry__action=ERASED).count(),
            "blank": blank.count(),
            "blank_and_named": blank.exclude(account_name="", reason="", salt="").count(),
            "named": parts.filter(erased_in=None, account_name="Alder", reason="Marta called").count(),
        }


class Brake:
    """Stopping all writes to an account."""

    def prepare(self, account: str) -> None:
        """An account that the mirror has, and an act of it that a brake holds."""
        from datetime import timedelta

        from django.utils import timezone

        from accounts.account.models import Account
        from console.operations.models import Operation
        from console.people.models import User

        row = Account(id=account, account_id=account, data={"id": account, "object": "account"}, as_of=1)
        row.set_columns()
        row.save()
        later = timezone.now() + timedelta(minutes=10)
        Operation.objects.create(
            verb="accounts.refresh",
            user=User.objects.get(username="demo"),
            account_id=account,
            reason="Looking again at this account",
            key=f"key-{account}",
            form_token=f"form-{account}",
            next_try_at=later,
            braked_at=timezone.now(),
        )

    def act(self, account: str) -> str:
        """As an administrator does."""
        return command("brake", "account", account, *WHO)

    def again(self, account: str) -> None:
        """The same command once more."""
        self.act(account)

    def look(self, account: str) -> dict[str, Any]:
        """Brakes that stand and that were lifted, rows of the trail that tell of it, and whether the act is due."""
        from django.utils import timezone

        from console.brakes.models import Brake as Row
        from console.operations.models import Operation
        from console.record.models import AuditEntry

        told = AuditEntry.objects.filter(account_id=account)
        mine = Operation.objects.filter(account_id=account)
        return {
            "stands": Row.objects.standing().filter(target=account).count(),
            "lifted": Row.objects.filter(target=account).exclude(lifted_at=None).count(),
            "told_set": told.filter(action="brake.set").count(),
            "told_lifted": told.filter(action="brake.lifted").count(),
            "held": mine.filter(braked_at__isnull=False, next_try_at__gt=timezone.now()).count(),
            "due": mine.filter(braked_at=None).due().count(),
        }


class Lift(Brake):
    """Lifting such a brake."""

    def prepare(self, account: str) -> None:
        """The brake stands."""
        super().prepare(account)
        command("brake", "account", account, *WHO)

    def act(self, account: str) -> str:
        """As an administrator does."""
        return command("brake", "account", account, "--lift", *WHO)


@dataclass
class Killed:
    """One act on one account, which is killed at one point, looked at, and repeated."""

    of: Any
    account: str
    point: int

    def act(self) -> str:
        """In the process that is killed."""
        from django.db import connection

        self.of.prepare(self.account)
        with connection.execute_wrapper(KillAt(self.point)):
            said: str = self.of.act(self.account)
        return said

    def aftermath(self) -> dict[str, Any]:
        """In the process that comes next."""
        then = {"then": self.of.look(self.account), "verified_then": command("verify_audit")}
        self.of.again(self.account)
        return {**then, "after": self.of.look(self.account), "verified_after": command("verify_audit")}


def main(name: str) -> None:
    """Kill the act at one point after the other, each on an account of its own, until it comes to its end."""
    django.setup()
    of: Any = {"erase": Erase, "brake": Brake, "lift": Lift}[name]()
    for point in count(1):
        killed = Killed(of, f"acct_1{name.title()}{point}", point)
        ended, said = in_child(killed.act)
        _, stood = in_child(killed.aftermath)
        print(json.dumps({"point": point, "ended": ended, "said": said, **stood}), flush=True)  # noqa: T201
        if ended:
            return


if __name__ == "__main__":
    main(sys.argv[1])
