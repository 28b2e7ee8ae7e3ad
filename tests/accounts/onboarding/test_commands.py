"""The account link by command: alone, once, for one holder."""

from typing import Any

import pytest
from django.core.management import CommandError

from tests.accounts.acting import run
from tests.accounts.conftest import Make

pytestmark = pytest.mark.django_db


def test_link_is_printed_alone_and_once(make: Make) -> None:
    account = make()
    printed = run("create_account_link", account.pk, token="once")
    assert printed.startswith("http://")
    assert len(printed.split()) == 1
    assert run("create_account_link", account.pk, token="once") == ""


def test_link_for_two_accounts_is_refused(make: Make) -> None:
    with pytest.raises(CommandError, match="one holder"):
        run("create_account_link", make().pk, make().pk)


def test_link_command_does_not_exist_in_live_mode(make: Make, settings: Any) -> None:
    account = make()
    settings.CONSOLE_MODE = "live"
    with pytest.raises(CommandError, match="live mode"):
        run("create_account_link", account.pk)
