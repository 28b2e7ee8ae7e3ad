"""The pages of an account's authorizations."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path

from accounts.issuing_off.pages import button
from console.lists.exports_cells import OF_ACCOUNT, Column, amount_columns
from console.lists.exports_words import badge_column, created_columns, object_columns
from console.lists.listing import Listing, ListView
from console.operations import buttons
from console.operations.buttons import Button, present
from console.people.signed_in import may_see
from console.shell import formats
from console.viewing.addresses import OBJECT, VIEWED
from console.viewing.objects import ObjectView
from gateway import mirror
from gateway.shapes import hash_at, hashes_at, integer_at, text_at
from issuing.authorizations import words as authorizations_words
from issuing.authorizations.models import Authorization
from issuing.balances import words as balances_words
from issuing.cards.models import Card
from issuing.declines import models as declines_models
from issuing.declines import words
from issuing.transactions.models import Transaction

AUTHORIZATIONS = Listing(
    model=Authorization,
    title="Authorizations",
    url="authorizations",
    table="issuing/authorizations/rows.html",
    tabs={
        "approved": "Approved",
        "declined": "Declined",
        "pending": "Pending",
        "reversed": "Reversed",
        "expired": "Expired",
    },
    narrow=lambda rows, value: rows.with_outcome(value),
    related=("card", "cardholder"),
    parameter="outcome",
    placeholder="Id, last four or merchant",
    out="issuing-authorizations",
    create="issuing.create_test_authorization",
    empty="Each time a card is used, the merchant asks first. Every such request will stand here, declined ones too.",
    columns=(
        Column("Merchant", lambda row: row.merchant_name or row.pk),
        Column("Category", lambda row: formats.plain(row.category), of="Merchant", only=OF_ACCOUNT),
        Column("Authorization id", lambda row: row.pk, of="Merchant"),
        badge_column("Outcome", "authorization", lambda row: row.outcome),
        Column("Why declined", authorizations_words.why_declined, of="Outcome"),
        *object_columns("Cardholder", "cardholder"),
        *object_columns("Card", "card", of="Cardholder"),
        *created_columns(),
        *amount_columns("Amount", lambda row: (row.shown_amount, row.currency)),
    ),
)
# What a template names must be there, whatever Stripe left out.
NO_REQUEST = dict.fromkeys(
    ("amount", "approved", "created", "currency", "merchant_amount", "merchant_currency", "reason", "requested_at")
)
NO_BALANCE_TRANSACTION = dict.fromkeys(("created", "currency", "id", "net"))


class AuthorizationPage(ObjectView):
    """One authorization: why it was answered so, the ladder, its whole history, its money. At most ten queries."""

    model, template, related = Authorization, "issuing/authorizations/authorization.html", ("card", "cardholder")

    def rows(self) -> QuerySet[Any]:
        """With the account, which tells why Issuing was off."""
        return declines_models.with_account(super().rows())

    def parts(self) -> dict[str, Any]:
        """What the page shows."""
        row, data = self.row, self.row.data or {}
        facts = declines_models.facts_of(row, may_see=may_see(self.request))
        explanation = words.explain(facts)
        return {
            **super().parts(),
            "title": f"{formats.amount(row.requested, row.currency)} at {row.merchant_name or 'an unnamed merchant'}",
            "authorization": row,
            "card": mirror.related(row, "card"),
            "cardholder": mirror.related(row, "cardholder"),
            "facts": facts,
            "explanation": explanation,
            "declined": not facts.request.get("approved"),
            "remedy": button(self.request, row.account_id or "", facts.off_now)
            or self.remedy(explanation, words.held_by(facts)),
            "ladder": words.ladder(facts),
            "history": [{**NO_REQUEST, **each} for each in hashes_at(data, "request_history")],
            **self.money(data),
            "merchant": hash_at(data, "merchant_data"),
            "checks": [
                (label, text_at(data, f"verification_data.{name}"))
                for name, label in authorizations_words.CHECKS.items()
            ],
            "method": authorizations_words.METHODS.get(facts.method, facts.method),
            "presence": authorizations_words.PRESENCES.get(facts.presence, facts.presence),
            "buttons": self.offered(),
        }

    def money(self, data: dict[str, Any]) -> dict[str, Any]:
        """What it holds now and what was captured and refunded, in minor units, with what Stripe lists of both."""
        none = not (self.row.approved or data.get("transactions"))  # what was declined has none: no query
        transactions = [] if none else list(Transaction.objects.of_authorization(self.row.pk))
        listed = hashes_at(data, "balance_transactions")
        holds = [each for each in listed if text_at(each, "type").startswith("issuing_authorization_")]
        return {
            "transactions": transactions,
            "captured": -sum(each.amount for each in transactions if each.type == "capture"),
            "refunded": sum(each.amount for each in transactions if each.type == "refund"),
            "balance_transactions": [
                ({**NO_BALANCE_TRANSACTION, **each}, balances_words.type_words(text_at(each, "type")))
                for each in listed
            ],
            "held": -sum(integer_at(each, "net") or 0 for each in holds),
        }

    def offered(self) -> list[Button]:
        """What a merchant may still do with it, in a test."""
        row = self.row
        if not row.approved or row.status != "pending":
            return []
        names = ("issuing.capture_test_authorization", "issuing.reverse_test_authorization")
        return present(*(buttons.of_object(self.request, name, row) for name in names))

    def remedy(self, explanation: words.Explanation, limited_by: str) -> Button | None:
        """The button that does something about a decline, on the object that it is about; updating a card changes no
        limit that is its cardholder's or Stripe's own.
        """
        request, row, name = self.request, self.row, explanation.reason.verb
        if not name or (name == "issuing.update_card" and limited_by in ("cardholder", "stripe")):
            return None
        if name in ("issuing.create_topup", "issuing.create_card"):
            initial = {"cardholder": row.cardholder_id} if name.endswith("card") and row.cardholder_id else {}
            return buttons.of_account(request, name, row.account_id or "", **initial)
        subject: Any = mirror.related(row, "cardholder") if name.endswith("cardholder") else mirror.related(row, "card")
        if subject is None or (isinstance(subject, Card) and subject.canceled):
            return None
        done = name.partition(".activate_")[1] and subject.status == "active"
        return None if done else buttons.of_object(request, name, subject)


urlpatterns = [
    path(f"{VIEWED}/issuing/authorizations", ListView.as_view(listing=AUTHORIZATIONS), name="authorizations"),
    path(f"{VIEWED}/issuing/authorizations/{OBJECT}", AuthorizationPage.as_view(), name="authorization"),
]
