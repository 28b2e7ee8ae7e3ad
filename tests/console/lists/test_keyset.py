"""Pages by keyset reach every row once, in both directions: searched near and far, with and without a moment."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.db.models import F, Q

from accounts.account.models import Account
from console.lists import changelist, keyset, limits
from gateway.spellings import Sought
from tests.people import browser

pytestmark = pytest.mark.django_db
SIZE = 4
FIRST = 1_790_000_000


@pytest.fixture(params=[2, 7, 5_000], autouse=True)
def near(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(keyset, "NEAR", request.param)
    rows = []
    for n in range(40):  # two a second; some without a moment; foxes are rare, and most of them old
        created = datetime.fromtimestamp(FIRST + n // 2, UTC) if n % 9 else None
        name = f"{'Fox' if n < 12 or n == 33 else 'Hen'} {n}"
        rows.append(Account(id=f"acct_{n:02}", account_id=f"acct_{n:02}", name=name, data={}, created=created, as_of=1))
    Account.every.bulk_create(rows)


def expected(rows: Any) -> list[str]:
    """Newest first, then those without a moment, each by id."""
    placed = sorted((row for row in rows if row.created), key=lambda row: (row.created, row.pk), reverse=True)
    return [row.pk for row in [*placed, *sorted((row for row in rows if not row.created), key=lambda r: r.pk)[::-1]]]


def walked(queries: Any) -> tuple[list[str], list[str]]:
    """All rows, page by page from the first on; and again from the last page back."""
    forth, page = [], keyset.read(queries, {}, SIZE)
    pages = [page]
    while page.older:
        page = keyset.read(queries, {keyset.OLDER: page.older}, SIZE)
        pages.append(page)
    forth = [row.pk for each in pages for row in each.rows]
    back = [row.pk for row in reversed(page.rows)]
    while page.newer:
        page = keyset.read(queries, {keyset.NEWER: page.newer}, SIZE)
        back += [row.pk for row in reversed(page.rows)]
    return forth, back[::-1]


def test_every_row_is_on_one_page() -> None:
    every = expected(Account.objects.all())
    assert len(every) == 40
    assert walked(Account.objects.all()) == (every, every)


@pytest.mark.parametrize(("words", "many"), [("fox", 13), ("Hen 1", 8), ("no such name", 0), ("fo", 13)])
def test_a_search_finds_what_is_near_and_what_is_far(words: str, many: int) -> None:
    sought = Account.objects.sought(words, personal=True)
    found = expected(Account.objects.search(words, personal=True))
    assert len(found) == many
    assert walked(keyset.searched(Account.objects.all(), sought)) == (found, found)
    assert keyset.count(keyset.searched(Account.objects.all(), sought), 5) == min(many, 5)


@pytest.mark.parametrize("most", [3, 200])
def test_a_search_finds_what_another_table_names_few_or_many(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(keyset, "MOST", most)
    named = Account.objects.filter(pk__in=[f"acct_{n:02}" for n in range(0, 40, 3)]).values_list("pk", flat=True)
    sought = Sought(exact=(Q(name="Hen 13"), Q(name="Fox 9")), parts=(Q(name__icontains="fox 1"),), elsewhere=(named,))
    found = expected(sought.among(Account.objects.all()))
    assert len(found) == 18
    assert walked(keyset.searched(Account.objects.all(), sought)) == (found, found)
    assert keyset.count(keyset.searched(Account.objects.all(), sought), 50) == 18


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite orders texts by their bytes alone")
def test_every_row_that_a_search_finds_is_on_one_page_of_a_database_that_orders_by_language() -> None:
    with connection.cursor() as cursor:
        cursor.execute('ALTER TABLE accounts_account ALTER COLUMN id TYPE varchar(255) COLLATE "en-x-icu"')
    Account.every.all().delete()
    at = datetime.fromtimestamp(FIRST, UTC)
    for number in range(12):  # of one second, and by turns found in either way: a0 B0 a1 B1 …
        for letter, name in (("a", "Hen 13"), ("B", "a fox")):
            own = f"acct_{number:02}{letter}" if number % 2 else f"acct_{letter}{number:02}"
            Account.every.create(id=own, account_id=own, name=name, data={}, created=at if number < 9 else None)
    queries = keyset.searched(
        Account.objects.all(), Sought(exact=(Q(name="Hen 13"),), parts=(Q(name__icontains="fox"),))
    )
    found = list(Account.objects.order_by(F("created").desc(nulls_last=True), "-id").values_list("pk", flat=True))
    assert found != sorted(found, reverse=True)
    assert walked(queries) == (found, found)


def test_a_list_that_takes_too_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise limits.TooLong

    monkeypatch.setattr(changelist.KeysetChangeList, "_page", stop)
    page = browser("ana").get("/accounts/account/", {"country": "US", "kind": "custom"}).content.decode()
    assert "These filters together take too long to read" in page
    assert "Nothing matches" not in page


def test_rows_that_were_found_are_shown_though_counting_them_takes_too_long(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.LIST_TIMEOUT = 0.2

    def slow(*_: Any) -> int:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(5)")
        raise limits.TooLong

    monkeypatch.setattr(keyset, "count", slow)
    Account.every.update(country="US", kind="custom")
    monkeypatch.setattr(admin.site.get_model_admin(Account), "list_per_page", 4)
    page = browser("ana").get("/accounts/account/", {"country": "US", "kind": "custom"})
    assert [row.pk for row in page.context["cl"].result_list] == ["acct_39", "acct_38", "acct_37", "acct_35"]
    assert (page.context["cl"].matching, page.context["cl"].too_long) == (0, False)


@pytest.mark.parametrize(
    ("asked", "limited"),
    [
        ({"issuing": "enabled"}, False),
        ({"issuing": "enabled", "due": "7"}, False),
        ({"issuing": "enabled", "country": "US"}, True),
        ({"issuing": "enabled", "due": "7", "country": "US"}, True),
        ({"issuing": "enabled", "q": "fox"}, True),
    ],
)
def test_only_filters_without_an_index_of_all_have_a_limit(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], limited: bool
) -> None:
    begun: list[bool] = []
    bounded = limits.bounded
    monkeypatch.setattr(limits, "bounded", lambda: begun.append(True) or bounded())
    assert browser("ana").get("/accounts/account/", asked).status_code == 200
    assert bool(begun) is limited


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no limit for one statement")
def test_the_database_is_stopped_and_limited_no_longer(settings: Any) -> None:
    settings.LIST_TIMEOUT = 0.05
    with connection.cursor() as cursor:
        with pytest.raises(limits.TooLong), limits.bounded():
            cursor.execute("SELECT pg_sleep(5)")
        with limits.bounded():
            cursor.execute("SELECT 1")
        cursor.execute("SELECT pg_sleep(0.1)")
