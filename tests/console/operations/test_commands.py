"""Commands go through the same door: who, why, one line an object, an exit status."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import CommandParser
from django.db import transaction

from accounts.account.models import Account
from console.operations.commands import BAD_INPUT, REFUSED, UNKNOWN, VerbCommand
from console.operations.door import Performed
from console.operations.models import Operation
from console.people import access, tokens
from console.people.models import User
from gateway.errors import Refused, Unreachable
from tests.console.acting import PERMISSION, REASON, account, creates, failing, person, registered
from tests.sandbox_process import SandboxProcess

State = Operation.State


class Create(VerbCommand):
    """As a room would write it."""

    verb_name = "tests.create"

    def add_fields(self, parser: CommandParser) -> None:
        parser.add_argument("--business-name")
        parser.add_argument("--country")


class Rename(VerbCommand):
    verb_name = "tests.rename"

    def add_fields(self, parser: CommandParser) -> None:
        parser.add_argument("--name")


class Revoked(Rename):
    """Whoever runs it loses their tokens while it works."""

    def report(self, performed: Performed) -> None:
        user = performed.operation.user
        with transaction.atomic():
            access.end(user, "shut out", by=None)
        super().report(performed)


class Link(VerbCommand):
    verb_name = "tests.link"


class Act(VerbCommand):
    verb_name = "tests.act"


@pytest.fixture(autouse=True)
def verbs(db: None) -> Iterator[None]:
    with registered():
        yield


@pytest.fixture(autouse=True)
def otto(db: None) -> User:
    return person("otto", PERMISSION, "console.use_commands")


def run(command: VerbCommand, *words: str, reason: str = REASON, who: str = "otto") -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    person_given = ["--as", who] if who else []
    try:
        call_command(command, *words, "--reason", reason, *person_given, stdout=out, stderr=err, no_color=True)
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return status, out.getvalue(), err.getvalue()


CREATE = ("--business-name", "Alder Ltd", "--country", "US")


def test_a_line_begins_with_the_id(sandbox: SandboxProcess) -> None:
    status, out, err = run(Create(), *CREATE, "--ticket", "T-1")
    operation = Operation.objects.get()
    assert (status, out, err) == (0, f"{operation.object_id} succeeded\n", "")
    assert (operation.via, operation.ticket, operation.reason) == ("command", "T-1", REASON)


def test_each_object_has_its_operation_and_its_line(sandbox: SandboxProcess) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd")]
    status, out, _ = run(Rename(), *ids, ids[0], "--name", "B")
    assert (status, out) == (0, "".join(f"{account_id} succeeded\n" for account_id in ids))
    assert [operation.account_name for operation in Operation.objects.order_by("created_at")] == [
        "Alder Ltd",
        "Birch Ltd",
    ]


def test_what_is_shown_once_comes_last_on_its_line(sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    _, out, _ = run(Link(), account_id)
    assert out.startswith(f"{account_id} succeeded http")


def test_the_same_token_sends_nothing_again(sandbox: SandboxProcess) -> None:
    for _ in range(2):
        assert run(Create(), *CREATE, "--token", "my word")[0] == 0
    assert (Operation.objects.count(), creates(sandbox)) == (1, 1)


def test_a_refusal_is_status_one_with_stripes_words(sandbox: SandboxProcess) -> None:
    status, out, err = run(Create(), "--business-name", "A", "--country", "XX")
    operation = Operation.objects.get()
    assert (status, out) == (REFUSED, "")
    for words in (
        operation.error_message,
        operation.error_code,
        "param=country",
        operation.request_id,
        str(operation.pk),
    ):
        assert words in err


@pytest.mark.parametrize(
    ("problem", "status"),
    [(Unreachable("reset"), UNKNOWN), (Unreachable("busy", status=429), UNKNOWN), (Refused("no"), 1)],
)
def test_no_answer_is_status_three(problem: Exception, status: int) -> None:
    failing(problem)
    assert run(Act())[0] == status


def test_the_worst_status_counts(sandbox: SandboxProcess) -> None:
    ids = [account(sandbox), "acct_gone"]
    Account.objects.create(id="acct_gone", account_id="acct_gone", data={"id": "acct_gone"}, as_of=1)
    status, out, err = run(Rename(), *ids, "--name", "B")
    assert (status, out) == (REFUSED, f"{ids[0]} succeeded\n")
    assert "1 of 2 not done" in err


def test_the_doors_no_is_status_one(sandbox: SandboxProcess) -> None:
    status, _, err = run(Create(), *CREATE, reason="short")
    assert (status, "at least 10 characters" in err) == (REFUSED, True)
    assert not Operation.objects.exists()


@pytest.mark.parametrize("who", ["", "nobody"])
def test_somebody_must_act(who: str) -> None:
    status, _, err = run(Create(), *CREATE, who=who)
    assert (status, "--as" in err) == (BAD_INPUT, True)


def test_a_disabled_person_does_not_act() -> None:
    User.objects.update(is_active=False)
    assert run(Create(), *CREATE)[0] == BAD_INPUT


def test_bad_input_names_the_field_and_sends_nothing(sandbox: SandboxProcess) -> None:
    status, _, err = run(Create(), "--business-name", "b" * 101, "--country", "US")
    assert (status, err.startswith("business_name:")) == (BAD_INPUT, True)
    assert run(Rename(), "acct_unknown", "--name", "B")[0] == BAD_INPUT
    assert (creates(sandbox), Operation.objects.exists()) == (0, False)


@pytest.mark.parametrize("mode", ["test", "live"])
def test_outside_the_sandbox_only_a_token_acts(
    mode: str, otto: User, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.CONSOLE_MODE = mode
    failing(Refused("no"))
    assert run(Act())[0] == BAD_INPUT
    assert run(Act(), who="")[0] == REFUSED
    assert not Operation.objects.exists()

    _, plain = tokens.create(otto)
    monkeypatch.setenv("CONSOLE_TOKEN", plain)
    run(Act(), who="")
    monkeypatch.delenv("CONSOLE_TOKEN")
    file = tmp_path / "token"
    file.write_text(plain + "\n")
    run(Act(), "--token-file", str(file), who="")
    assert [operation.user for operation in Operation.objects.all()] == [otto, otto]
    assert run(Act(), "--token-file", str(tmp_path / "none"), who="")[0] == BAD_INPUT


def test_a_token_of_somebody_who_may_not_use_commands_is_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONSOLE_MODE = "test"
    monkeypatch.setenv("CONSOLE_TOKEN", tokens.create(person("sam", PERMISSION))[1])
    failing(Refused("no"))
    assert run(Act(), who="")[0] == REFUSED
    assert not Operation.objects.exists()


def test_a_token_that_is_revoked_while_a_command_works_stops_it(
    sandbox: SandboxProcess, otto: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd")]
    settings.CONSOLE_MODE = "test"
    monkeypatch.setenv("CONSOLE_TOKEN", tokens.create(otto)[1])
    status, out, err = run(Revoked(), *ids, "--name", "B", who="")
    assert (status, out) == (REFUSED, f"{ids[0]} succeeded\n")
    assert "No valid personal token" in err
    assert Operation.objects.count() == 1
