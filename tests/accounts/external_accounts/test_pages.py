"""External accounts on the account's page."""

import pytest

from accounts.account.models import Account
from accounts.external_accounts.models import ExternalAccount
from tests.accounts import builders
from tests.accounts.builders import URL
from tests.people import browser

pytestmark = pytest.mark.django_db


def test_bank_accounts_are_masked_too(kestrel: Account) -> None:
    bank = ExternalAccount(id="ba_1", account_id=kestrel.pk)
    builders._saved(bank, {"id": "ba_1", "object": "bank_account", "last4": "6789", "currency": "usd", "status": "new"})
    assert "6789" not in browser("vera").get(f"{URL}?tab=external_accounts").content.decode()
    assert "6789" in browser("sam").get(f"{URL}?tab=external_accounts").content.decode()
