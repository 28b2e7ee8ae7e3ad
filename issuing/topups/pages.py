"""The pages of an account's top-ups."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.lists.listing import Listing, _by_status, list_page
from console.people import masking
from console.people.signed_in import may_see
from console.shell import formats
from console.shell.drawing import page
from console.viewing.access import get_object, view_as
from console.viewing.objects import object_context
from issuing.topups.models import Topup

TOPUPS = Listing(
    model=Topup,
    title="Top-ups",
    url="topups",
    table="issuing/topups/rows.html",
    tabs={"pending": "Pending", "succeeded": "Succeeded", "failed": "Failed", "canceled": "Canceled"},
    narrow=_by_status,
    placeholder="Id",
    create="issuing.create_topup",
    empty="A top-up pulls money in from a bank. Cards can spend it once it has succeeded.",
)


def _as_seen(request: HttpRequest, row: Topup) -> Topup:
    """The row to look at, never to save: staff and holders describe top-ups in words of their own."""
    row.data = masking.masked(row.data, may_see=may_see(request))
    return row


def topup_context(request: HttpRequest, row: Topup) -> dict[str, Any]:
    """One top-up."""
    row = _as_seen(request, row)
    return {
        "title": f"Top-up of {formats.amount(row.amount, row.currency)}",
        "topup": row,
        **object_context(request, row),
    }


@require_safe
@view_as
def topups(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's top-ups."""
    return list_page(request, account_id, TOPUPS)


@require_safe
@view_as
def topup(request: HttpRequest, account_id: str, topup_id: str) -> HttpResponse:
    """One top-up."""
    row = get_object(request, Topup, account_id, topup_id)
    return page(request, "issuing/topups/topup.html", topup_context(request, row))
