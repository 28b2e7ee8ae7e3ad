"""The pages that Stripe's hosted form leads back to."""

import pytest

from accounts.account.models import Account
from console.operations.models import Operation
from tests.accounts.builders import URL
from tests.people import browser

pytestmark = pytest.mark.django_db


def test_coming_back_from_stripe_writes_nothing_and_promises_nothing(kestrel: Account) -> None:
    client = browser("otto")
    page = client.get(f"{URL}/return").content.decode()
    assert "Coming back proves nothing" in page
    assert not Operation.objects.exists()
    used = client.get(f"{URL}/link-used").content.decode()
    assert "Make a new link" in used
