"""Persons on the account's page: who sees what of them."""

import pytest

from accounts.account.models import Account
from tests.accounts.builders import URL
from tests.people import browser

pytestmark = pytest.mark.django_db


def test_support_sees_personal_data_but_never_a_number_that_proves_identity(kestrel: Account) -> None:
    kestrel.data = {**kestrel.data, "individual": {"id_number": "078051120", "email": "i@kestrel.example"}}
    kestrel.save()
    client = browser("sam")
    page = client.get(f"{URL}?tab=persons").content.decode()
    assert "marta@kestrel.example" in page
    assert "1990-02-03" in page
    text = client.get(f"{URL}?tab=json").content.decode()
    assert "i@kestrel.example" in text
    assert "078051120" not in text
