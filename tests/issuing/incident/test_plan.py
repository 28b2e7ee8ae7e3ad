"""Which cards an incident means, and what is sent for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway import clock
from issuing.authorizations.models import Authorization
from issuing.cards.models import Card
from issuing.incident.models import Plan, Selection, plan
from issuing.incident.words import read
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, known_accounts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def accounts() -> None:
    known_accounts()


def planned(*ids: str, merchant: str = "", days: int = 7, **options: Any) -> Plan:
    return plan(Selection(" ".join(ids), merchant, days), **options)


def rows_of(found: Plan) -> tuple[list[str], list[str]]:
    """Ids of the cardholders and of the cards that are frozen by a call of their own."""
    return [line.wanted.object_id for line in found.holders], [line.wanted.object_id for line in found.cards]


def ago(**span: int) -> int:
    return clock.timestamp() - int(timedelta(**span).total_seconds())


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("acct_1A, ich_1B\nic_1C;ic_1C", (("acct_1A",), ("ich_1B",), ("ic_1C",), ())),
        ("“acct_1A”, (ic_1C).", (("acct_1A",), (), ("ic_1C",), ())),
        ("https://dashboard.stripe.com/acct_1A/issuing/cards/ic_1C?x=1", ((), (), ("ic_1C",), ())),
        ("http://console/connect/accounts/acct_1A/", (("acct_1A",), (), (), ())),
        ("iauth_1 hello 4242 ic_ ' OR 1=1", ((), (), (), ("iauth_1", "hello", "4242", "ic_", "'", "OR", "1=1"))),
        ("", ((), (), (), ())),
    ],
)
def test_what_is_pasted_is_read(text: str, kinds: tuple[tuple[str, ...], ...]) -> None:
    named = read(text)
    assert (named.accounts, named.cardholders, named.cards, named.unread) == kinds


def test_a_cardholder_all_of_whose_active_cards_are_meant_is_one_call() -> None:
    holder, alone = rows.cardholder(), rows.cardholder()
    first, _, _ = rows.card(holder), rows.card(holder), rows.card(holder, status="inactive")
    rows.card(alone)
    found = planned(ACCOUNT)
    assert (set(rows_of(found)[0]), rows_of(found)[1]) == ({holder.pk, alone.pk}, [])
    assert (found.many, found.people, found.accounts, found.calls) == (3, 2, {ACCOUNT}, 2)
    found = planned(first.pk)
    assert (rows_of(found), found.many, found.calls) == (([], [first.pk]), 1, 1)
    assert rows_of(planned(holder.pk)) == ([holder.pk], [])


def test_without_the_permission_for_cardholders_each_card_is_frozen() -> None:
    card = rows.card(rows.cardholder())
    assert rows_of(planned(ACCOUNT, may_holders=False)) == ([], [card.pk])


def test_what_declines_already_is_left_out() -> None:
    rows.card(rows.cardholder(status="inactive"))
    rows.card(rows.cardholder(status="blocked"))
    rows.card(rows.cardholder(), status="canceled")
    gone = rows.card(rows.cardholder())
    Card.objects.filter(pk=gone.pk).update(gone_at=clock.now())
    assert planned(ACCOUNT).many == 0


def test_a_card_whose_cardholder_has_not_arrived_is_frozen_itself() -> None:
    card = rows.card(None)
    lost = rows.card(None, cardholder="ich_1Lost")
    assert set(rows_of(planned(ACCOUNT))[1]) == {card.pk, lost.pk}


def test_other_accounts_are_left_alone() -> None:
    rows.card(rows.cardholder(OTHER_ACCOUNT), OTHER_ACCOUNT)
    assert planned(ACCOUNT).many == 0
    assert planned(OTHER_ACCOUNT, ACCOUNT).accounts == {OTHER_ACCOUNT}


def test_the_most_recently_used_goes_first() -> None:
    never, old, new = (rows.card(rows.cardholder()) for _ in range(3))
    rows.authorization(old, at=ago(days=3), created=ago(days=3))
    rows.authorization(new, at=ago(days=1), created=ago(days=1))
    rows.authorization(new, at=ago(days=9), created=ago(days=9))
    found = planned(ACCOUNT)
    assert rows_of(found)[0] == [new.cardholder_id, old.cardholder_id, never.cardholder_id]
    assert [line.wanted.object_id for line in found.lines] == rows_of(found)[0]


@pytest.mark.parametrize("merchant", ["shady", "SHADY SHOP", "77001"])
def test_cards_used_at_a_merchant_lately_are_found(merchant: str) -> None:
    here, before, elsewhere, declined = (rows.card(rows.cardholder()) for _ in range(4))
    shop = {"name": "Shady Shop 12", "network_id": "77001"}
    rows.authorization(here, merchant_data=shop)
    rows.authorization(here, merchant_data=shop)
    rows.authorization(declined, merchant_data=shop, reason="insufficient_funds")
    rows.authorization(before, merchant_data=shop, created=ago(days=8))
    rows.authorization(elsewhere)
    found = planned(merchant=merchant)
    assert set(rows_of(found)[0]) == {here.cardholder_id, declined.cardholder_id}
    assert before.cardholder_id in rows_of(planned(merchant=merchant, days=9))[0]
    assert Selection("", merchant).merchants() == [("Shady Shop 12", 2)]
    assert planned(merchant="no such shop").many == 0


def test_what_is_open_is_summed_by_currency() -> None:
    card = rows.card(rows.cardholder())
    rows.authorization(card, amount=1000)
    rows.authorization(card, amount=500)
    rows.authorization(card, amount=700, currency="eur")
    rows.authorization(card, amount=900, status="closed")
    rows.authorization(card, amount=900, reason="insufficient_funds")
    rows.authorization(rows.card(rows.cardholder(OTHER_ACCOUNT), OTHER_ACCOUNT), OTHER_ACCOUNT, amount=1)
    assert planned(ACCOUNT).held == [("eur", 1, 700), ("usd", 2, 1500)]


def test_its_length_is_that_of_the_rate_budget(settings: Any) -> None:
    for _ in range(3):
        rows.card(rows.cardholder())
    settings.STRIPE_RATE = 2.0
    assert planned(ACCOUNT).length == timedelta(seconds=1.5)
    settings.STRIPE_RATE = 0
    assert planned(ACCOUNT).length == timedelta(seconds=1)


def test_it_costs_as_many_queries_for_many_as_for_one() -> None:
    rows.many(2)
    with CaptureQueriesContext(connection) as few:
        planned(ACCOUNT)
    rows.many(30)
    with CaptureQueriesContext(connection) as many:
        assert planned(ACCOUNT).many == 32
    assert len(few) == len(many) == 5


def test_more_than_a_run_takes_is_left_for_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.bulk.runs.MOST", 2)
    cards = [rows.card(rows.cardholder()) for _ in range(3)]
    rows.authorization(cards[1])
    found = planned(ACCOUNT)
    assert (found.many, found.left, rows_of(found)[0][0]) == (2, 1, cards[1].cardholder_id)


def test_the_database_cuts_it_and_no_more_than_a_run_comes_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.bulk.runs.MOST", 2)
    monkeypatch.setattr("issuing.incident.models.COUNTED", 3)
    holder = rows.cardholder()
    kept = [rows.card(holder) for _ in range(2)]
    alone = [rows.card(None) for _ in range(9)]
    for days, card in enumerate((alone[4], kept[1], alone[2], alone[7]), 1):
        rows.authorization(card, at=ago(days=days), created=ago(days=days))
    with CaptureQueriesContext(connection) as queries:
        found = planned(*(card.pk for card in (kept[1], *alone)))
    assert rows_of(found) == ([], [alone[4].pk, kept[1].pk])
    assert found.left == 3  # of eight: counted no further
    read = [query["sql"] for query in queries if '"issuing_card"."last4"' in query["sql"]]
    assert [sql.rpartition(" LIMIT ")[2] for sql in read] == ["2"]


def test_a_cardholder_is_used_when_any_of_their_cards_is() -> None:
    holder, other = rows.cardholder(), rows.cardholder()
    old, new, between = rows.card(holder), rows.card(holder), rows.card(other)
    for days, card in ((5, old), (1, new), (3, between)):
        rows.authorization(card, at=ago(days=days), created=ago(days=days))
    found = planned(ACCOUNT)
    assert [(line.wanted.object_id, line.cards) for line in found.lines] == [(holder.pk, 2), (other.pk, 1)]
    used = [line.used for line in found.lines]
    assert used == sorted(filter(None, used), reverse=True)
    assert found.lines[0].wanted.account_name == "Alder Freight"


def test_cards_of_an_account_that_is_not_here_yet_are_frozen_too() -> None:
    card = rows.card(rows.cardholder("acct_1NotHereYet"), "acct_1NotHereYet")
    found = planned("acct_1NotHereYet")
    assert (rows_of(found), found.lines[0].wanted.account_name) == (([card.cardholder_id], []), "acct_1NotHereYet")


def test_the_networks_id_of_a_merchant_is_found_by_its_index() -> None:
    rows.authorization(rows.card(rows.cardholder()), merchant_data={"name": "Shop", "network_id": "77001"})
    if connection.vendor == "postgresql":  # with some rows it would rather read them all
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        read = Authorization.objects.filter(network_id="77001", created__gte=clock.now()).order_by().explain()
    else:  # a name is looked for among those of the days, the id by its own index
        read = Selection("", "77001").used().order_by().explain()
        assert "SCAN issuing_authorization" not in read, read
    assert "authorization_network" in read, read


def test_unknown_ids_are_named() -> None:
    card = rows.card(rows.cardholder())
    assert Selection(f"acct_no ich_no ic_no {card.pk} {ACCOUNT} nonsense").unknown() == ["acct_no", "ich_no", "ic_no"]
