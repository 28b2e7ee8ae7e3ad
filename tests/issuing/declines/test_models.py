"""What was true at the moment of a decline: which balance transactions came before it."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from issuing.authorizations.models import Authorization
from issuing.declines.models import available, facts_of, with_account
from tests.issuing import rows
from tests.people import known_accounts

pytestmark = pytest.mark.django_db
ASKED = 18_420


def before(at: datetime, *moved: tuple[int, int], reason: str = "insufficient_funds") -> int | None:
    """What was available to a request of ASKED at `at`, of balance transactions given as (seconds before, net)."""
    known_accounts()
    second = int(at.timestamp())
    row = rows.authorization(rows.card(rows.cardholder()), amount=ASKED, reason=reason, at=second)
    # its own: never before it
    rows.balance_transaction(-1, "issuing_authorization_hold", created=second - 1, source=row.pk)
    for seconds, net in moved:
        rows.balance_transaction(net, "topup" if net > 0 else "issuing_authorization_hold", created=second - seconds)
    return available(row, at)


@pytest.fixture
def at() -> datetime:
    """A whole second, as Stripe tells moments."""
    return timezone.now().replace(microsecond=0) - timedelta(hours=1)


def test_what_moved_in_the_same_second_counts_where_it_alone_explains_the_decline(at: datetime) -> None:
    assert before(at, (60, 20_000), (0, -5_000)) == 15_000


@pytest.mark.parametrize("net", [-5_000, 50_000])
def test_the_same_second_does_not_count_where_the_decline_is_explained_without_it(at: datetime, net: int) -> None:
    assert before(at, (60, 10_000), (0, net)) == 10_000


def test_what_moved_in_the_same_second_does_not_count_where_it_explains_nothing(at: datetime) -> None:
    assert before(at, (60, 20_000), (0, -1_000)) == 20_000


def test_what_moved_in_the_same_second_does_not_count_for_another_reason(at: datetime) -> None:
    assert before(at, (60, 20_000), (0, -5_000), reason="spending_controls") == 20_000


def test_what_moved_later_never_counts(at: datetime) -> None:
    assert before(at, (60, 20_000), (-1, -5_000)) == 20_000


def test_what_was_used_of_limits_is_told_together_by_card_category_and_day(at: datetime) -> None:
    known_accounts()
    noon = at.replace(hour=12) - timedelta(days=3)
    limits = [{"amount": 50_000, "interval": "all_time", "categories": None}]
    card = rows.card(rows.cardholder(), spending_controls={"spending_limits": limits})
    one, other = (rows.authorization(card, amount=2_000, at=int(noon.timestamp()) + second) for second in (1, 2))
    rows.transaction(one, amount=-1_500)
    rows.transaction(one, amount=-700)
    rows.authorization(card, amount=900, at=int(noon.timestamp()) + 86_400)
    rows.authorization(card, amount=100, at=int(noon.timestamp()) + 3, status="reversed")
    asked = rows.authorization(card, amount=60_000, reason="spending_controls", at=int(at.timestamp()))
    assert other.status == "pending"
    uses = facts_of(with_account(Authorization.objects.all()).get(pk=asked.pk)).uses
    days = {use.created.date(): (use.amount, use.number) for use in uses}
    assert days == {noon.date(): (2_200 + 2_000, 3), (noon + timedelta(days=1)).date(): (900, 1)}
    assert {use.card_id for use in uses} == {card.pk}
