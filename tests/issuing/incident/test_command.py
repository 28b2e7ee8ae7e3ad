"""`manage.py freeze_cards`."""

import pytest

from console.bulk.models import BulkRun
from issuing.cards.models import Card
from issuing.incident.models import Freeze
from tests.issuing import rows
from tests.issuing.acting import run
from tests.people import ACCOUNT, OTHER_ACCOUNT, known_accounts

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> Card:
    known_accounts()
    card = rows.card(rows.cardholder())
    rows.authorization(card, merchant_data={"name": "Shady Shop"})
    return card


@pytest.mark.parametrize(
    "words", [("--accounts", ACCOUNT, OTHER_ACCOUNT), ("--merchant", "shady", "--days", "2"), ("--cards", "{card}")]
)
def test_it_begins_the_runs_and_says_which(words: tuple[str, ...], card: Card) -> None:
    status, out, _ = run("freeze_cards", *(word.format(card=card.pk) for word in words))
    made = BulkRun.objects.get()
    assert status == 0
    assert out.splitlines() == [
        "1 cards, 1 cardholders, 1 accounts, 1 calls, 1 s, 1 open (18420 usd)",
        f"run {made.pk} issuing.deactivate_cardholder 1 rows running",
        Freeze.objects.get().get_absolute_url(),
    ]
    assert (made.urgent, made.via) == (True, "command")


def test_a_preview_freezes_nothing(card: Card) -> None:
    status, out, _ = run("freeze_cards", "--accounts", ACCOUNT, "--preview")
    assert (status, out.startswith("1 cards"), Freeze.objects.count()) == (0, True, 0)


def test_the_same_word_again_finds_the_first(card: Card) -> None:
    for _ in range(2):
        assert run("freeze_cards", "--accounts", ACCOUNT, "--token", "inc-7")[0] == 0
    assert BulkRun.objects.count() == 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--accounts", "acct_no"),
        ("--cards", "words"),
        ("--merchant", "ab"),
        ("--merchant", "shady", "--days", "0"),
    ],
)
def test_bad_input_freezes_nothing(words: tuple[str, ...], card: Card) -> None:
    assert run("freeze_cards", *words)[0] == 2
    assert not Freeze.objects.exists()


def test_who_may_not_is_refused(card: Card) -> None:
    assert run("freeze_cards", "--accounts", ACCOUNT, who="sam")[0] == 1
    assert not Freeze.objects.exists()


def test_nothing_to_freeze_is_refused(card: Card) -> None:
    Card.objects.update(status="inactive")
    assert run("freeze_cards", "--accounts", ACCOUNT)[0] == 1
    assert not Freeze.objects.exists()
