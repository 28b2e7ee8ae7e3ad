"""The pages of an account's cards."""

from typing import Any

from django.urls import path

from console.lists import listing
from console.lists.exports_cells import FLEET, OF_ACCOUNT, TIME, Column
from console.lists.exports_words import badge_column, object_columns
from console.lists.listing import Listing, ListView
from console.operations import buttons
from console.operations.buttons import present
from console.viewing.addresses import OBJECT, VIEWED
from console.viewing.objects import RECENT, ObjectView
from gateway import clock, mirror
from gateway.shapes import hash_at
from issuing.authorizations.models import Authorization
from issuing.cardholders import words as cardholders_words
from issuing.cards.models import Card
from issuing.controls import words as controls_words

CARDS = Listing(
    model=Card,
    title="Cards",
    url="cards",
    table="issuing/cards/rows.html",
    tabs={"active": "Active", "inactive": "Inactive", "canceled": "Canceled"},
    related=("cardholder",),
    placeholder="Id, last four or cardholder",
    out="issuing-cards",
    create="issuing.create_card",
    empty="A card is made for a cardholder, inactive, and declines everything until it is activated.",
    columns=(
        Column("Card", str),
        Column("Card id", lambda row: row.pk, of="Card"),
        *object_columns("Cardholder", "cardholder"),
        badge_column("Status", "card", lambda row: row.status),
        Column("Type", lambda row: cardholders_words.type_word(row.type)),
        Column("Expires", lambda row: "{1}/{0}".format(*row.expires) if row.expires else "", only=OF_ACCOUNT),
        Column("Created", lambda row: row.created, TIME, only=OF_ACCOUNT),
        Column("Created, UTC", lambda row: row.created, TIME, only=FLEET),
    ),
)


class CardPage(ObjectView):
    """One card: its controls and Stripe's default ones, its last authorizations. Three queries."""

    model, template, related = Card, "issuing/cards/card.html", ("cardholder",)

    def parts(self) -> dict[str, Any]:
        """What the page shows."""
        row, data = self.row, self.row.data or {}
        cardholder, controls = mirror.related(row, "cardholder"), hash_at(data, "spending_controls")
        theirs = hash_at(cardholder.data, "spending_controls") if cardholder else {}
        authorizations = Authorization.objects.of_card(row.pk)
        expires, now = row.expires, clock.now()
        return {
            **super().parts(),
            "title": f"Card {row}",
            "card": row,
            "cardholder": cardholder,
            "data": data,
            "expired": expires is not None and expires < (now.year, now.month),
            "controls": controls_words.controls(controls, row.currency),
            "silent": controls_words.silent_limits(controls, row.currency),
            "of_cardholder": controls_words.controls(theirs, row.currency),
            "rows": list(authorizations.with_card()[:RECENT]),
            "authorization_count": listing.count(authorizations),
            "wallets": [
                (name, state) for name, state in hash_at(data, "wallets").items() if isinstance(state, dict) and state
            ],
            "change_controls": None if row.canceled else buttons.of_object(self.request, "issuing.update_card", row),
            **self.offered(),
        }

    def offered(self) -> dict[str, Any]:
        """A canceled card has none: nothing makes it work again."""
        request, row = self.request, self.row
        if row.canceled or row.gone:
            return {"buttons": [], "final": None}
        change = "issuing.deactivate_card" if row.status == "active" else "issuing.activate_card"
        test = buttons.of_account(request, "issuing.create_test_authorization", row.account_id or "", card=row.pk)
        return {
            "buttons": present(test if row.status == "active" else None, buttons.of_object(request, change, row)),
            "final": buttons.of_object(request, "issuing.cancel_card", row),
        }


urlpatterns = [
    path(f"{VIEWED}/issuing/cards", ListView.as_view(listing=CARDS), name="cards"),
    path(f"{VIEWED}/issuing/cards/{OBJECT}", CardPage.as_view(), name="card"),
]
