"""The verbs of Issuing as commands: ids of objects, one line each, an exit status."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.account.models import Account
from console.operations.models import Operation
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.topups.models import Topup
from tests.issuing.conftest import HOLDER, buy, fund, issuing_account, make_card, make_cardholder
from tests.people import person
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
REASON = "Asked for by the customer"


def run(command: str, *words: str, who: str = "otto") -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    person(who)
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command(command, *words, "--reason", REASON, "--as", who, stdout=out, stderr=err, no_color=True)
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return status, out.getvalue(), err.getvalue()


def options(**values: str) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]


def test_the_line_to_the_first_authorization_in_commands(account: Account, sandbox: SandboxProcess) -> None:
    status, out, err = run("create_cardholder", account.pk, *options(**HOLDER))
    assert (status, err) == (0, "")
    holder = Cardholder.objects.get(pk=out.split()[0])
    assert out == f"{holder.pk} succeeded\n"
    card_id = run("create_card", account.pk, "--cardholder", holder.pk, "--limit-amount", "200")[1].split()[0]
    assert run("activate_card", card_id) == (0, f"{card_id} succeeded\n", "")
    topup = run("create_topup", account.pk, "--amount", "500")[1].split()[0]
    assert Topup.objects.get().pk == topup
    sandbox.control("clock", {"advance": "1h"})
    bought = run("create_test_authorization", account.pk, "--card", card_id, "--amount", "12.50")
    row = Authorization.objects.get()
    assert bought == (0, f"{row.pk} Approved: 12.50 USD is held.\n", "")
    assert run("capture_test_authorization", row.pk)[0] == 0
    assert run("cancel_card", card_id, "--cancellation-reason", "lost")[0] == 0
    assert Card.objects.get().canceled


def test_a_decline_is_no_error(account: Account) -> None:
    card = make_card(account, active=False)
    status, out, _ = run("create_test_authorization", account.pk, "--card", card.pk, "--amount", "1")
    assert status == 0
    assert "Declined: card inactive." in out


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


def test_what_can_never_be_done_is_denied(account: Account) -> None:
    card = make_card(account)
    run("cancel_card", card.pk)
    status, _, err = run("activate_card", card.pk)
    assert status == 1
    assert f"{card.pk} denied: " in err


def test_cardholders_are_changed_activated_and_deactivated(account: Account) -> None:
    row = make_cardholder(account)
    assert run("update_cardholder", row.pk, "--email", "new@example.com")[0] == 0
    assert run("deactivate_cardholder", row.pk)[0] == 0
    row.refresh_from_db()
    assert (row.email, row.status) == ("new@example.com", "inactive")
    assert run("activate_cardholder", row.pk)[0] == 0
    assert run("update_cardholder", row.pk)[2] == "__all__: Nothing would change."


def test_a_hold_is_given_back(account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    row = buy(card)
    assert run("reverse_test_authorization", row.pk, "--reverse-amount", "2.50")[0] == 0
    row.refresh_from_db()
    assert (row.amount, row.status) == (1000, "pending")


def test_the_same_token_cancels_once(account: Account) -> None:
    card = make_card(account)
    lines = [run("cancel_card", card.pk, "--token", "nightly") for _ in range(2)]
    assert lines[0] == lines[1] == (0, f"{card.pk} succeeded\n", "")
