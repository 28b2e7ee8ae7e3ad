"""Metadata as rows: those of an older release are taken over once, however often a migration is applied."""

import pytest

from gateway import metadata
from gateway.metadata import Metadata
from issuing.cards.models import Card

pytestmark = pytest.mark.django_db


def test_what_an_older_release_had_is_taken_over_once() -> None:
    """Taken back and applied again, a migration finds what its first run left; other objects keep theirs."""
    Metadata.objects.create(object_id="ich_1", key="order", value="4711")
    Card.every.create(id="ic_1", data={"metadata": {"order": "4711"}})
    Card.every.create(id="ic_2", data={"metadata": {"order": "4712", "dept": "9"}})
    rows = Card.every.exclude(data=None)
    metadata.fill(Metadata, rows)
    metadata.fill(Metadata, rows)
    found = Metadata.objects.order_by("object_id", "key").values_list("object_id", "key", "value")
    assert list(found) == [
        *(("ic_1", "order", "4711"), ("ic_2", "dept", "9"), ("ic_2", "order", "4712")),
        ("ich_1", "order", "4711"),
    ]
