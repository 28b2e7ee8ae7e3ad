"""Every list, page, tab, filter, pair of filters and search that is registered is answered by an index: by PostgreSQL's
own plans.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from benchmarks import asked, filling
from console.lists import changelist, keyset, listing
from tests.keeping import once
from tests.people import browser
from tests.plans import Plan, analyze, mirrors, plans_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgres,
    pytest.mark.crawl,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]
ACCOUNTS = 4_000  # and twice as many cards, three times as many authorizations
NEAR = 500  # rows beside a cursor that a search looks through: here, too, few of all
PAGE = 51
SORTED = PAGE + 9  # rows put in order for a page: of those of one moment some more
MANY = 1_000  # rows that hold a part of a word and are sorted
IN_VAIN = 20 * PAGE  # rows that may be read for a page and do not qualify
GIN = "SELECT c.oid FROM pg_class c JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'gin' AND c.relkind = 'i'"


def fill() -> None:
    """So many rows that an index is worth it."""
    one = filling.row_id("acct_", "1")  # has many rows, and few of each state
    for table in filling.tables(ACCOUNTS):
        if table.model not in (Account, Capability):
            theirs = f"CASE WHEN n %% 10 = 0 THEN {one} ELSE {table.each['account_id']} END"
            table = replace(table, each={**table.each, "account_id": theirs})
        filling.fill(table, ACCOUNTS * table.share)
    apart = Account.every.filter(overall_status="restricted").order_by("pk").values_list("pk", flat=True)[::2]
    Account.every.filter(pk__in=list(apart)).update(badge="in_review")
    with connection.cursor() as cursor:  # what waits to be sorted into them makes them seem slow
        cursor.execute(f"SELECT gin_clean_pending_list(c.oid) FROM ({GIN}) AS c")
    analyze()


filled = once(fill)


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()  # which tables are long is kept for a while
    monkeypatch.setattr(keyset, "NEAR", NEAR)
    monkeypatch.setattr(changelist, "COUNTED", PAGE)
    monkeypatch.setattr(listing, "COUNTED", PAGE)


def told(what: str, plan: Plan) -> str:
    """Why this is no way to answer a list of a million rows, or ""."""
    by_parts = ": search" in what  # few rows: in the order of no index
    if plan.scanned & mirrors():
        return f"{what} reads a whole table"
    if plan.removed > (PAGE if what.count("=") > 1 else IN_VAIN):  # of two filters one index has both
        return f"{what} reads {plan.removed} rows in vain"
    if plan.sorts > (MANY if by_parts else SORTED):
        return f"{what} sorts {plan.sorts} rows"
    return ""


def wrong(only: str = "") -> Iterator[str]:
    """What is wrong with the lists that are registered, and how it was answered."""
    client = browser("ana")
    for what, address in asked.addresses():
        if only in what:
            for plan in plans_of(partial(client.get, address)):
                if problem := told(what, plan):
                    yield f"{problem}\n{plan}"


def test_every_list_is_read_by_an_index(filled: None) -> None:
    found = list(wrong())
    assert not found, "\n\n".join(found[:10])


@pytest.mark.parametrize(
    ("index", "what"),
    [
        ("card_type", "card: type=physical"),
        ("account_badge", "account: issuing=restricted_soon"),
        ("card_account_status", "card: account="),
        ("authorization_account_declined", "authorization: account="),
        ("card_last_four", "card: search 4302"),
        ("account_words", "account: search zyxwv"),
        ("authorization_reason", "authorization: reason=pin_blocked"),
        ("card_created", "card: last page"),
    ],
)
def test_a_list_without_its_index_is_told(filled: None, index: str, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {index}")
    assert list(wrong(what))
