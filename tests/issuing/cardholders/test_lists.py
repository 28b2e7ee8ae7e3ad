"""The list of cardholders: who sees and finds their e-mail addresses."""

import pytest
from django.test import Client

from tests.issuing import rows
from tests.issuing.acting import shown
from tests.people import browser

pytestmark = pytest.mark.django_db


def test_e_mail_addresses_are_masked_for_those_who_may_not_see_them(sam: Client) -> None:
    rows.cardholder()
    assert "jonas@kestrel.example" in shown(sam, "/issuing/cardholder/")
    masked = shown(browser("vera"), "/issuing/cardholder/")
    assert "jonas@kestrel.example" not in masked
    assert "j•••@kestrel.example" in masked


def test_whoever_may_not_see_addresses_finds_nobody_by_one() -> None:
    rows.cardholder()
    vera = browser("vera")
    assert vera.get("/search", {"q": "jonas@kestrel.example"}).context["groups"] == []
    answer = vera.get("/issuing/cardholder/", {"q": "jonas@kestrel"})
    assert len(answer.context["cl"].result_list) == 0
    assert "e-mail" not in answer.content.decode()
