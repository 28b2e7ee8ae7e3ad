"""Cards by command: their ids, one line each, an exit status."""

import pytest

from accounts.account.models import Account
from console.operations.models import Operation
from tests.issuing.acting import run
from tests.issuing.conftest import issuing_account, make_card

pytestmark = pytest.mark.django_db


def test_objects_of_several_accounts_each_in_its_own_name(account: Account) -> None:
    other = issuing_account("Birch Bakery")
    cards = [make_card(account), make_card(other)]
    status, out, _ = run("deactivate_card", *(card.pk for card in cards))
    assert (status, out) == (0, "".join(f"{card.pk} succeeded\n" for card in cards))
    done = Operation.objects.filter(verb="issuing.deactivate_card", via="command")
    assert {(each.account_id, each.object_id) for each in done} == {
        (account.pk, cards[0].pk),
        (other.pk, cards[1].pk),
    }


def test_an_unknown_id_is_bad_input_and_nothing_is_sent(account: Account) -> None:
    card = make_card(account)
    assert run("deactivate_card", card.pk, "ic_nothing") == (2, "", "No card ic_nothing.")
    assert not Operation.objects.filter(verb="issuing.deactivate_card").exists()


def test_what_can_never_be_done_is_denied(account: Account) -> None:
    card = make_card(account)
    run("cancel_card", card.pk)
    status, _, err = run("activate_card", card.pk)
    assert status == 1
    assert f"{card.pk} denied: " in err


def test_the_same_token_cancels_once(account: Account) -> None:
    card = make_card(account)
    lines = [run("cancel_card", card.pk, "--token", "nightly") for _ in range(2)]
    assert lines[0] == lines[1] == (0, f"{card.pk} succeeded\n", "")
