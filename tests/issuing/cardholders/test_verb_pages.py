"""Pages of verbs about one cardholder, viewed as its account."""

import pytest
from django.test import Client

from accounts.account.models import Account
from console.operations.models import Operation
from console.operations.preview import Line
from issuing.cardholders.models import Cardholder
from tests.answers import check_page
from tests.issuing.acting import typed, verb_page
from tests.issuing.conftest import HOLDER, make_cardholder
from tests.people import browser

pytestmark = pytest.mark.django_db


def test_a_cardholder_is_created_and_a_card_begins_at_them(otto: Client, account: Account) -> None:
    entries = {name: str(value).replace("Z", "") for name, value in HOLDER.items()}
    answer = typed(otto, f"/{account.pk}/do/issuing.create_cardholder", **entries)
    assert answer.status_code == 303, answer.context["form"].errors
    holder = Cardholder.objects.get()
    assert answer["Location"] == f"/{account.pk}/issuing/cardholders/{holder.pk}"
    page = otto.get(f"/{account.pk}/do/issuing.create_card?cardholder={holder.pk}")
    assert page.context["form"]["cardholder"].value() == holder.pk
    assert page.context["preview"].params["cardholder"] == holder.pk


def test_bad_entries_stay_and_sensitive_ones_are_asked_again(otto: Client, account: Account) -> None:
    answer = typed(otto, f"/{account.pk}/do/issuing.create_cardholder", name="Agent 47", dob="1990-01-01")
    check_page(answer)
    assert answer.status_code == 422
    assert answer.context["form"]["name"].value() == "Agent 47"
    assert answer.context["emptied"] == ["Date of birth"]
    assert "1990" not in answer.content.decode()


def test_an_update_shows_before_and_after(otto: Client, account: Account) -> None:
    holder = make_cardholder(account, email="old@example.com")
    address = verb_page(holder, "update_cardholder")
    assert otto.get(address).context["form"]["email"].value() == "old@example.com"
    answer = typed(otto, address, email="new@example.com", reason="short")
    assert answer.context["preview"].lines[0] == Line("email", "new@example.com", "old@example.com")


def test_what_is_taken_off_is_shown_with_what_it_was_and_gone_at_stripe(otto: Client, account: Account) -> None:
    holder = make_cardholder(account, line2="Flat 2")
    address = verb_page(holder, "update_cardholder")
    answer = typed(otto, address, take_off="line2", reason="short")
    assert Line("billing[address][line2]", "", "Flat 2") in answer.context["preview"].lines
    assert typed(otto, address, take_off="line2", reason="They moved to a house").status_code == 303
    holder.refresh_from_db()
    assert holder.data["billing"]["address"]["line2"] is None
    assert 'type="checkbox" name="take_off" value="line2"' not in otto.get(address).content.decode()


def test_personal_entries_are_masked_on_the_operations_page(otto: Client, account: Account) -> None:
    make_cardholder(account, email="amara@example.com")
    operation = Operation.objects.get(verb="issuing.create_cardholder")
    shown = otto.get(f"/operations/{operation.pk}").content.decode()
    masked = browser("vera").get(f"/operations/{operation.pk}").content.decode()
    assert "amara@example.com" in shown
    assert "amara@example.com" not in masked
    assert "510 Townsend" not in masked
    assert "8.8.8.8" not in masked
