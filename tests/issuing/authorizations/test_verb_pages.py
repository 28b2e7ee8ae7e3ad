"""The page that makes a test authorization, viewed as its account."""

import pytest
from django.test import Client

from accounts.account.models import Account
from issuing.authorizations.models import Authorization
from tests.issuing.acting import typed
from tests.issuing.conftest import make_card

pytestmark = pytest.mark.django_db


def test_a_decline_is_told_as_one_and_leads_to_its_page(otto: Client, account: Account) -> None:
    card = make_card(account, active=False)
    entries = {"card": card.pk, "amount": "12.50"}
    answer = typed(otto, f"/{account.pk}/do/issuing.create_test_authorization", **entries)
    row = Authorization.objects.get()
    assert answer["Location"] == f"/{account.pk}/issuing/authorizations/{row.pk}"
    page = otto.get(answer["Location"])
    assert [(each.level_tag, str(each)[:24]) for each in page.context["messages"]] == [
        ("warning", "Declined: card inactive.")
    ]
