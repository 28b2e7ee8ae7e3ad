"""What cards add to the shell."""

from collections.abc import Iterable

from django.http import HttpRequest

from console.shell import formats
from console.shell.registry import (
    Found,
)
from issuing.cards.models import Card

FOUND = 10


def find_cards(request: HttpRequest, asked: str) -> Iterable[Found]:
    """Cards by last four or their cardholder's name: ten at most, one query."""
    for card in Card.objects.search(asked[:255]).select_related("cardholder", "account")[:FOUND]:
        detail = " · ".join(
            filter(None, (str(card.cardholder or ""), formats.plain(card.status), str(card.account or "")))
        )
        yield Found(label=f"Card {card}", url=card.get_absolute_url(), detail=detail, id=card.pk)
