"""The verbs as commands: exit status, what they print, who may."""

import pytest
from django.core.management import CommandError

from accounts.account.models import Account
from console.operations.models import Operation
from tests.accounts.acting import run
from tests.accounts.conftest import Make

pytestmark = pytest.mark.django_db


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


def test_refresh_reads_many_accounts(make: Make) -> None:
    first, second = make(), make()
    assert run("refresh", first.pk, second.pk).splitlines() == [f"{first.pk} succeeded", f"{second.pk} succeeded"]


def test_unknown_account_is_bad_input(sandbox: object) -> None:
    with pytest.raises(CommandError, match="No account acct_0"):
        run("refresh", "acct_0")
