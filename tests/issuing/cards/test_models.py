"""The methods of cards: each absorbs what Stripe answers, and looks before it leaps."""

import uuid

import pytest

from accounts.account.models import Account
from gateway.errors import NOT_SENT, Refused, Unreachable
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Canceled, Card
from tests.issuing import rows
from tests.issuing.conftest import make_card, make_cardholder
from tests.people import ACCOUNT, OTHER_ACCOUNT, known_accounts
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def key() -> str:
    return uuid.uuid4().hex


def calls(sandbox: SandboxProcess, path: str) -> list[str]:
    """Methods of the calls to a path, in order."""
    return [str(line["method"]) for line in sandbox.traffic() if line.get("path") == path]


def test_a_write_is_absorbed_with_its_answer(account: Account) -> None:
    card = make_card(account, active=False)
    before = card.revision
    changed, answer = card.activate(key=key())
    assert (changed.status, changed.pk, answer.data["status"]) == ("active", card.pk, "active")
    card.refresh_from_db()
    assert (card.status, card.revision > before) == ("active", True)


def test_a_card_is_read_before_it_is_changed(account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account, active=False)
    card.activate(key=key())
    assert calls(sandbox, f"/v1/issuing/cards/{card.pk}") == ["GET", "POST"]


@pytest.mark.parametrize(("change", "after"), [("activate", ["GET"]), ("deactivate", ["POST", "GET"])])
def test_a_card_that_stripe_has_canceled_stays_so_and_is_known_to_be(
    account: Account, sandbox: SandboxProcess, change: str, after: list[str]
) -> None:
    card = make_card(account, active=False)
    path = f"/v1/issuing/cards/{card.pk}"
    sandbox.api("POST", path, {"status": "canceled"}, account=account.pk)
    with pytest.raises(Canceled, match="canceled at Stripe"):
        getattr(card, change)(key=key())
    assert calls(sandbox, path) == ["POST", *after]
    assert Card.objects.get(pk=card.pk).canceled


@pytest.mark.parametrize("readable", [True, False])
def test_a_refusal_by_stripe_of_what_stops_a_card_is_told_as_stripes(
    account: Account, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, readable: bool
) -> None:
    card = make_card(account)
    sandbox.api("POST", f"/v1/issuing/cards/{card.pk}", {"status": "canceled"}, account=account.pk)
    if not readable:
        monkeypatch.setattr(Card, "refresh", lambda _: (_ for _ in ()).throw(Unreachable("Slow down", status=429)))
    with pytest.raises(Refused) as caught:
        card.deactivate(key=key())
    assert (caught.value.status, isinstance(caught.value, Canceled)) == (400, readable)
    assert caught.value.code != NOT_SENT, "its POST was sent, so it ends an earlier try's doubt"


@pytest.mark.parametrize("change", ["deactivate", "cancel"])
def test_what_stops_a_card_is_sent_at_once(account: Account, sandbox: SandboxProcess, change: str) -> None:
    card = make_card(account)
    path = f"/v1/issuing/cards/{card.pk}"
    before = calls(sandbox, path)
    getattr(card, change)(key=key())
    assert calls(sandbox, path) == [*before, "POST"]


def test_a_refusal_changes_nothing_here(account: Account) -> None:
    holder = make_cardholder(account, first_name="", terms_date="", terms_ip="")
    card = make_card(account, active=False, cardholder=holder.pk)
    with pytest.raises(Refused, match="outstanding requirements"):
        card.activate(key=key())
    card.refresh_from_db()
    assert card.status == "inactive"


def test_what_can_be_chosen_is_the_accounts_own_and_alive() -> None:
    known_accounts()
    own, blocked = rows.cardholder(), rows.cardholder(status="blocked")
    rows.cardholder(OTHER_ACCOUNT)
    assert list(Cardholder.objects.choosable(ACCOUNT)) == [own]
    card = rows.card(own)
    rows.card(blocked, status="canceled")
    assert list(Card.objects.choosable(ACCOUNT)) == [card]
