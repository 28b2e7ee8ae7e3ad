"""What the holder meets after Stripe's form: a page that needs no account and tells nothing of theirs."""

import pytest
from django.test import Client

from tests.answers import check_page
from tests.people import ACCOUNT, browser, known_accounts

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("place", "said"), [("return", "close this page"), ("link-used", "for a new one")])
def test_a_holder_is_told_what_to_do_next_and_nothing_else(place: str, said: str) -> None:
    known_accounts()
    pages = []
    for account_id in (ACCOUNT, "acct_1Nobody"):
        answer = Client().get(f"/connect/accounts/{account_id}/{place}")
        assert answer.status_code == 200
        check_page(answer)
        pages.append(answer.content)
    assert pages[0] == pages[1]
    page = pages[0].decode()
    assert said in page
    assert "acct_" not in page
    assert 'href="/"' not in page
    assert Client().post(f"/connect/accounts/{ACCOUNT}/{place}").status_code in (403, 405)


@pytest.mark.parametrize("place", ["return", "link-used"])
def test_staff_see_the_account_there(place: str) -> None:
    known_accounts()
    assert browser("vera").get(f"/connect/accounts/{ACCOUNT}/{place}").context["account"].pk == ACCOUNT
