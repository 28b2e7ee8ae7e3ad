"""What the page of every object of an account has."""

from typing import Any

from django.http import HttpRequest

from console.people import masking
from console.people.signed_in import may_see
from gateway.mirror import Mirror

RECENT = 8  # rows of a list that stands on a page of something else


def object_context(request: HttpRequest, row: Mirror) -> dict[str, Any]:
    """What every object's page has: its data as Stripe sent it, masked as far as this person may see."""
    return {"row": row, "json": masking.masked(row.data, may_see=may_see(request)), "may_see": may_see(request)}
