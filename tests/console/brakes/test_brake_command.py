"""`manage.py brake`: set and lift, with a person and a reason."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from console.brakes.models import Brake
from tests.console.brakes.acting import OVER, WHY, administrator, set_brake
from tests.people import ACCOUNT, known_accounts, person

pytestmark = pytest.mark.django_db


def run(*words: str, who: str = "ana", reason: str = WHY) -> tuple[int, str]:
    """Exit status and what was said."""
    person(who)
    out = io.StringIO()
    try:
        call_command("brake", *words, "--as", who, "--reason", reason, stdout=out, no_color=True)
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue().strip()


def test_it_sets_and_lifts() -> None:
    assert run("money") == (0, "All that moves money is stopped.")
    assert run("money") == (1, "That is stopped already.")
    assert run("money", "--lift", reason=OVER) == (0, "All that moves money: lifted.")
    assert run("money", "--lift", reason=OVER) == (1, "No such brake stands.")
    assert Brake.objects.get().lift_reason == OVER


def test_it_names_a_verb_or_an_account() -> None:
    known_accounts()
    assert run("account", ACCOUNT) == (0, "All writes to Alder Freight are stopped.")
    assert run("verb", "issuing.create_topup")[0] == 0
    assert set(Brake.objects.values_list("scope", "target")) == {
        ("account", ACCOUNT),
        ("verb", "issuing.create_topup"),
    }


@pytest.mark.parametrize("words", [("verb",), ("account",), ("all", "acct_1")])
def test_a_target_belongs_to_its_scope(words: tuple[str, ...]) -> None:
    assert run(*words)[0] == 2
    assert not Brake.objects.exists()


def test_who_may_not_is_told_so_and_short_reasons_are_refused() -> None:
    assert run("all", who="otto")[0] == 1
    assert run("all", reason="short")[0] == 2
    assert not Brake.objects.exists()


def test_in_live_mode_it_asks_and_never_confirms() -> None:
    set_brake("all")
    Brake.objects.update(livemode=True)
    administrator("eve")
    assert run("all", "--lift", reason=OVER)[0] == 3
    status, said = run("all", "--lift", who="ana", reason=OVER)
    assert status == 1
    assert "asked for that meanwhile" in said
    assert Brake.objects.standing().count() == 1


def test_elsewhere_a_token_says_who_acts(settings: Any) -> None:
    settings.CONSOLE_MODE = "test"
    assert run("all")[0] == 2
    assert not Brake.objects.exists()
