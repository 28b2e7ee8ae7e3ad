"""Commits that do not wait for the disk: only round what Stripe can tell again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from gateway import budget
from gateway.commits import lazily
from gateway.models import RateBucket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def as_shipped() -> Iterator[None]:
    """Commits wait, which those of tests do not."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such setting")
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
        yield
        cursor.execute("SET synchronous_commit TO off")


def waits() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


def test_the_transaction_alone_does_not_wait() -> None:
    with lazily():
        assert waits() == "off"
    assert waits() == "on"


def test_one_within_another_waits_as_that_does() -> None:
    with transaction.atomic(), lazily():
        assert waits() == "on"


def test_a_slot_leaves_the_connection_as_it_was(settings: Any) -> None:
    settings.STRIPE_RATE = 1000.0
    budget.take()
    assert (waits(), RateBucket.objects.count()) == ("on", 1)
    with transaction.atomic():
        budget.take()
        assert waits() == "on"
