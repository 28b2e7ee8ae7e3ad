"""docs/verbs.md, compared with the registry, the addresses, the admin's actions and the commands."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.management import get_commands, load_command_class
from django.test import RequestFactory
from django.urls import resolve

from console.operations import verbs
from console.operations.commands import VerbCommand
from console.operations.verbs import Verb
from tests.people import person

TABLE = Path(__file__).resolve().parent.parent / "docs" / "verbs.md"
ROOMS = ("accounts", "issuing")
# What the console does itself, not at Stripe.
OTHER_ACTIONS = {
    "Replay selected events",
    "Send selected failed mails again",
    "Drop selected mails",
    "Freeze all cards",
}
SAMPLE = {"<account>": "acct_1", "<id>": "x_1"}


@dataclass(frozen=True)
class Line:
    """One row of the table, as it is read by people."""

    verb: str
    page: str
    action: str
    command: str
    permission: str
    undo: str


def lines() -> list[Line]:
    rows = [
        line.strip().strip("|").split("|") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| `")
    ]
    return [Line(*(cell.strip().strip("`") for cell in row)) for row in rows]


def ids(line: Line) -> str:
    return line.verb


def expected_page(verb: Verb) -> str:
    """Where the pages of the rooms lead to for this verb."""
    if verb.noun:
        page = verb.noun(id=SAMPLE["<id>"], account_id=SAMPLE["<account>"]).get_absolute_url()  # type: ignore[attr-defined]
        return f"/<account>/{page.split('/', 2)[2].replace(SAMPLE['<id>'], '<id>')}/do/{verb.name}"
    if not verb.about_account:
        return f"/do/{verb.name}/"
    inside = "" if verb.name.startswith("issuing.") else "connect/accounts/"
    return f"/{inside}<account>/do/{verb.name}"


def test_the_table_names_every_verb_once() -> None:
    assert sorted(line.verb for line in lines()) == [verb.name for verb in verbs.every()]


@pytest.mark.parametrize("line", lines(), ids=ids)
def test_permission_page_and_undo_are_the_codes(line: Line) -> None:
    verb = verbs.get(line.verb)
    permissions = "`, `".join(filter(None, (verb.permission, verb.lesser)))
    assert (line.permission, line.page) == (permissions, expected_page(verb))
    path = line.page
    for name, value in SAMPLE.items():
        path = path.replace(name, value)
    assert resolve(path).kwargs["verb_name"] == verb.name
    assert line.undo
    assert verb.final == ("for good" in line.undo)
    assert (verb.modes == verbs.MODES) != ("sandbox and test mode only" in line.undo)


def test_every_verb_is_a_command_and_every_such_command_a_verb() -> None:
    found = {}
    for name, app in get_commands().items():
        if app in ROOMS:
            command = load_command_class(app, name)
            if isinstance(command, VerbCommand):
                found[command.verb_name] = name
    assert found == {line.verb: line.command for line in lines()}


@pytest.mark.django_db
def test_admin_actions_are_those_of_the_lists() -> None:
    request = RequestFactory().get("/")
    request.user = person("ana")
    offered = {
        (name, str(description))
        for model_admin in admin.site._registry.values()
        for _, name, description in model_admin.get_actions(request).values()
        if str(description) not in OTHER_ACTIONS
    }
    assert offered == {(line.verb, line.action) for line in lines() if line.action}
