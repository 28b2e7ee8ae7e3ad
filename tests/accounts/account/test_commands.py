"""The verbs as commands: exit status, what they print, who may."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.account.models import Account
from console.operations.models import Operation
from tests.people import person

pytestmark = pytest.mark.django_db
WHY = {"as_user": "otto", "reason": "The customer asked for it"}


def run(name: str, *args: str, **options: Any) -> str:
    """What the command prints."""
    person("otto")
    out = StringIO()
    call_command(name, *args, stdout=out, stderr=StringIO(), **{**WHY, **options})
    return out.getvalue().strip()


def test_create_account_prints_the_new_id(sandbox: object) -> None:
    printed = run("create_account", country="US", business_type="company", business_name="Alder Ltd")
    assert printed.split() == [Account.objects.get().pk, "succeeded"]


def test_the_same_token_creates_once(sandbox: object) -> None:
    for _ in range(2):
        run("create_account", country="US", business_type="company", business_name="Alder Ltd", token="nightly")
    assert Account.objects.count() == 1


def test_bad_input_is_refused_before_anything_is_sent(sandbox: object) -> None:
    with pytest.raises(CommandError, match="country") as refused:
        run("create_account", country="XX", business_type="company", business_name="Alder Ltd")
    assert refused.value.returncode == 2
    assert not Operation.objects.exists()


def test_link_is_printed_alone_and_once(make: Callable[..., Account]) -> None:
    account = make()
    printed = run("create_account_link", account.pk, token="once")
    assert printed.startswith("http://")
    assert len(printed.split()) == 1
    assert run("create_account_link", account.pk, token="once") == ""


def test_link_for_two_accounts_is_refused(make: Callable[..., Account]) -> None:
    with pytest.raises(CommandError, match="one holder"):
        run("create_account_link", make().pk, make().pk)


def test_link_command_does_not_exist_in_live_mode(make: Callable[..., Account], settings: Any) -> None:
    account = make()
    settings.CONSOLE_MODE = "live"
    with pytest.raises(CommandError, match="live mode"):
        run("create_account_link", account.pk)


def test_refresh_reads_many_accounts(make: Callable[..., Account]) -> None:
    first, second = make(), make()
    assert run("refresh", first.pk, second.pk).splitlines() == [f"{first.pk} succeeded", f"{second.pk} succeeded"]


def test_unknown_account_is_bad_input(sandbox: object) -> None:
    with pytest.raises(CommandError, match="No account acct_0"):
        run("refresh", "acct_0")
