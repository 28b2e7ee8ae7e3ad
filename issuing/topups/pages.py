"""The pages of an account's top-ups."""

from typing import Any

from django.urls import path

from console.lists.exports_cells import OF_ACCOUNT, TIME, Column, amount_columns
from console.lists.exports_words import badge_column
from console.lists.listing import Listing, ListView
from console.operations import buttons
from console.operations.buttons import present
from console.people import masking
from console.people.signed_in import may_see
from console.viewing.addresses import OBJECT, VIEWED
from console.viewing.objects import ObjectView
from gateway import shapes
from issuing.topups.models import Topup

TOPUPS = Listing(
    model=Topup,
    title="Top-ups",
    url="topups",
    table="issuing/topups/rows.html",
    tabs={"pending": "Pending", "succeeded": "Succeeded", "failed": "Failed", "canceled": "Canceled"},
    placeholder="Id",
    personal="Id, description or metadata",
    create="issuing.create_topup",
    empty="A top-up pulls money in from a bank. Cards can spend it once it has succeeded.",
    columns=(
        Column("Top-up", lambda row: shapes.name_at(row.data, "description") or "Top-up"),
        Column("Top-up id", lambda row: row.pk, of="Top-up"),
        badge_column("Status", "topup", lambda row: row.status),
        Column("Why failed", lambda row: shapes.shown_at(row.data, "failure_message"), of="Status", only=OF_ACCOUNT),
        Column("Expected, UTC", lambda row: row.expected_at, TIME),
        Column("Created, UTC", lambda row: row.created, TIME),
        *amount_columns("Amount", lambda row: (row.amount, row.currency)),
    ),
)


class TopupPage(ObjectView):
    """One top-up. Staff and holders describe it in words of their own, which are masked."""

    model, template = Topup, "issuing/topups/topup.html"

    def parts(self) -> dict[str, Any]:
        """What the page shows."""
        row = self.row
        row.data = masking.masked(row.data, may_see=may_see(self.request))  # to look at, never saved
        cancel = buttons.of_object(self.request, "issuing.cancel_topup", row) if row.status == "pending" else None
        return {**super().parts(), "title": str(row), "topup": row, "buttons": present(cancel)}


urlpatterns = [
    path(f"{VIEWED}/topups", ListView.as_view(listing=TOPUPS), name="topups"),
    path(f"{VIEWED}/topups/{OBJECT}", TopupPage.as_view(), name="topup"),
]
