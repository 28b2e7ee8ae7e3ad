"""What the Issuing pages of one account show, read in a fixed number of queries."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.lists import listing as lists_listing
from console.operations import buttons
from console.people import masking
from console.people.signed_in import staff
from console.shell.site import page
from issuing.base import OfIssuing

RECENT = 8


def may_see(request: HttpRequest) -> bool:
    """Whether this person sees personal data unmasked."""
    return staff(request).has_perm("accounts.view_pii")


def _buttons(request: HttpRequest, account_id: str, *names: str) -> list[buttons.Button]:
    found = (buttons.of_account(request, name, account_id) for name in names)
    return [each for each in found if each]


def _present(*found: buttons.Button | None) -> list[buttons.Button]:
    return [each for each in found if each]


def common(request: HttpRequest, row: OfIssuing) -> dict[str, Any]:
    """What every object's page has: its data as Stripe sent it, masked as far as this person may see."""
    return {"row": row, "json": masking.masked(row.data, may_see=may_see(request)), "may_see": may_see(request)}


def _list(request: HttpRequest, account_id: str, listing: lists_listing.Listing) -> HttpResponse:
    return page(request, "issuing/list.html", lists_listing.context(request, account_id, listing))
