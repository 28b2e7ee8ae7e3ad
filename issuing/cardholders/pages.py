"""The pages of an account's cardholders."""

from typing import Any

from django.urls import path

from accounts.account.models import issues_in
from accounts.persons.pages import born
from console.lists import listing
from console.lists.exports_cells import EMAIL, FLEET, OF_ACCOUNT, TIME, Column
from console.lists.exports_words import badge_column
from console.lists.listing import Listing, ListView
from console.operations import buttons
from console.operations.buttons import present
from console.people import masking
from console.people.signed_in import may_see
from console.viewing.addresses import OBJECT, VIEWED
from console.viewing.objects import RECENT, ObjectView
from gateway import mirror
from gateway.shapes import hash_at, text_at
from issuing.authorizations.models import Authorization
from issuing.cardholders import words as cardholders_words
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.controls import words as controls_words

CARDHOLDERS = Listing(
    model=Cardholder,
    title="Cardholders",
    url="cardholders",
    table="issuing/cardholders/rows.html",
    tabs={"active": "Active", "inactive": "Inactive", "blocked": "Blocked"},
    placeholder="Id or name",
    personal="Id, name or e-mail",
    out="issuing-cardholders",
    create="issuing.create_cardholder",
    empty="A cardholder is a person or a business that may hold cards of this account. Cards are made for one.",
    columns=(
        Column("Cardholder", str),
        Column("Cardholder id", lambda row: row.pk, of="Cardholder"),
        badge_column("Status", "cardholder", lambda row: row.status),
        badge_column("Stripe asks", "cardholder_disabled", lambda row: row.disabled_reason),
        Column("Type", lambda row: cardholders_words.type_word(row.type)),
        Column("E-mail", lambda row: row.email, EMAIL),
        Column("Created", lambda row: row.created, TIME, only=OF_ACCOUNT),
        Column("Created, UTC", lambda row: row.created, TIME, only=FLEET),
    ),
)


class CardholderPage(ObjectView):
    """One cardholder: what Stripe asks, their cards, controls, their last authorizations. Four queries."""

    model, template, related = Cardholder, "issuing/cardholders/cardholder.html", ("account",)

    def parts(self) -> dict[str, Any]:
        """What the page shows."""
        request, row = self.request, self.row
        account, cards = mirror.related(row, "account"), Card.objects.of_cardholder(row.pk)
        named = text_at(row.data, "spending_controls.spending_limits_currency")
        currency = named or (issues_in(account.country) if account else "")
        verb = "issuing.deactivate_cardholder" if row.status == "active" else "issuing.activate_cardholder"
        return {
            **super().parts(),
            "title": str(row),
            "cardholder": row,
            "data": masking.masked(row.data, may_see=may_see(request)),
            "born": born(hash_at(row.data, "individual.dob"), may_see=may_see(request)),
            "asked": cardholders_words.asked(row.past_due),
            "stopped": cardholders_words.disabled(row.disabled_reason) if row.disabled_reason else None,
            "controls": controls_words.controls(hash_at(row.data, "spending_controls"), currency),
            "cards": list(cards[:RECENT]),
            "card_count": listing.count(cards),
            "rows": list(Authorization.objects.of_cardholder(row.pk).with_card()[:RECENT]),
            "update": buttons.of_object(request, "issuing.update_cardholder", row),
            "create_card": buttons.of_account(request, "issuing.create_card", row.account_id or "", cardholder=row.pk),
            "buttons": present(None if row.status == "blocked" else buttons.of_object(request, verb, row)),
        }


urlpatterns = [
    path(f"{VIEWED}/issuing/cardholders", ListView.as_view(listing=CARDHOLDERS), name="cardholders"),
    path(f"{VIEWED}/issuing/cardholders/{OBJECT}", CardholderPage.as_view(), name="cardholder"),
]
