"""What holds for the verbs of every noun alike: who may, where their pages are, what those say and cost."""

from typing import Any

import pytest
from django.test import Client

from accounts.account.models import Account
from console.operations.admission import Denied
from tests.answers import check_page
from tests.costs import MOST
from tests.issuing.acting import run, verb_page
from tests.issuing.conftest import REASON, Do, make_card
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["vera", "sam"])
def test_viewer_and_support_change_nothing(do: Do, account: Account, who: str) -> None:
    """But for a card that is reported lost: tests/issuing/cards/test_lost_cards.py."""
    card = make_card(account)
    for verb in ("activate_card", "deactivate_card", "cancel_card", "update_card"):
        refused = "may not do “Cancel card”" if (who, verb) == ("sam", "cancel_card") else "no permission"
        with pytest.raises(Denied, match=refused):
            do(verb, card, who=who)
    for verb in ("create_card", "create_cardholder", "create_topup", "create_test_authorization"):
        with pytest.raises(Denied, match="no permission"):
            do(verb, account, who=who)


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("create_topup", ["--amount", "0"], "amount: "),
        ("create_card", ["--cardholder", "ich_nothing"], "no such cardholder"),
        ("create_cardholder", ["--type", "robot", "--name", "A B"], "type: "),
        ("create_test_authorization", ["--card", "ic_nothing", "--amount", "1"], "no such card"),
    ],
)
def test_bad_values_are_said_by_field(account: Account, command: str, words: list[str], said: str) -> None:
    status, out, err = run(command, account.pk, *words)
    assert (status, out) == (2, "")
    assert said in err


def test_without_a_work_session_the_page_asks_for_the_reason(account: Account) -> None:
    card, client = make_card(account), browser("otto")
    for address in (verb_page(card, "cancel_card"), f"/{account.pk}/do/issuing.create_card"):
        answer = client.get(address)
        assert (answer.status_code, "/view-as?next=" in answer["Location"]) == (302, True)
        assert client.post(address, {"reason": REASON}).status_code == 403


def test_banner_and_the_accounts_menu_stay(otto: Client, account: Account) -> None:
    card = make_card(account)
    for address in (verb_page(card, "cancel_card"), f"/{account.pk}/do/issuing.create_cardholder"):
        page = otto.get(address)
        check_page(page)
        frame = page.context["frame"]
        assert frame["viewing"]
        assert frame["account_menu"]
        assert "Viewing as" in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        "issuing/cards/{card}/do/issuing.activate_cardholder",
        "issuing/cardholders/{card}/do/issuing.activate_card",
        "issuing/cards/{card}/do/issuing.create_card",
        "issuing/cards/ic_nothing/do/issuing.activate_card",
        "issuing/cards/{card}/do/issuing.nothing",
        "do/issuing.activate_card",
        "do/accounts.create_account",
    ],
)
def test_verbs_have_one_address_and_no_other(otto: Client, account: Account, wrong: str) -> None:
    card = make_card(account)
    assert otto.get(f"/{account.pk}/{wrong.format(card=card.pk)}").status_code == 404


def test_bad_values_in_the_address_are_left_out(otto: Client, account: Account) -> None:
    page = otto.get(f"/{account.pk}/do/issuing.create_topup?amount=many&description=%07")
    assert (page.status_code, page.context["form"]["amount"].value()) == (200, None)
    dob = otto.get(f"/{account.pk}/do/issuing.create_cardholder?dob=1990-01-01")
    assert dob.context["form"]["dob"].value() is None


@pytest.mark.parametrize("verb", ["activate_card", "cancel_card", "create_card", "create_cardholder"])
def test_pages_take_few_queries(otto: Client, account: Account, django_assert_max_num_queries: Any, verb: str) -> None:
    card = make_card(account)
    address = f"/{account.pk}/do/issuing.{verb}" if verb.startswith("create") else verb_page(card, verb)
    otto.get(address)
    with django_assert_max_num_queries(MOST):
        otto.get(address)
