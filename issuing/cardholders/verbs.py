"""What staff do with cardholders."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from accounts.account.models import Account
from console.operations.fields import SHOWN_AS
from console.operations.verbs import CreateVerb, ObjectVerb, Request, StatusVerb, UpdateVerb, given
from issuing.cardholders.forms import ADDRESS, CreateCardholderForm, UpdateCardholderForm, changes, current
from issuing.cardholders.models import Cardholder

Data = dict[str, Any]
PERSONAL = (
    *("name", "email", "phone_number", "first_name", "last_name"),
    *("line1", "line2", "city", "state", "postal_code", "terms_ip", "terms_user_agent"),
)
SENSITIVE = ("dob", "tax_id")


class CreateCardholder(CreateVerb):
    """Somebody, or a business, that may hold cards of the account."""

    name = "issuing.create_cardholder"
    label = "Create cardholder"
    permission = "issuing.create_cardholder"
    form = CreateCardholderForm
    makes = Cardholder
    sensitive, personal = SENSITIVE, PERSONAL
    stripe_object = "issuing.cardholder"
    page, unnamed = "cardholder", "Cardholder"
    undo = "It can be deactivated, never deleted. Name and type stay."
    sentence = "{} was created."

    def initial(self, row: Account) -> Data:
        """The account's own country: its cardholders mostly live there."""
        return {"country": row.country} if row.country else {}

    def body(self, account_id: str, values: Data) -> Data:
        """What is given."""
        return cardholder_body(values)


class CardholderVerb(ObjectVerb):
    """Acts on one cardholder, unless Stripe has blocked them."""

    noun = Cardholder
    stripe_object = "issuing.cardholder"
    page, unnamed = "cardholder", "Cardholder"

    def objection(self, row: Cardholder) -> str:
        """Blocked is for good."""
        if row.status == "blocked":
            return f"Stripe has blocked {row} for good: nothing can be changed."
        return f"{row} is not at Stripe any more." if row.gone else ""


class UpdateCardholder(CardholderVerb, UpdateVerb):
    """Change what Stripe knows of them."""

    name = "issuing.update_cardholder"
    label = "Update cardholder"
    permission = "issuing.update_cardholder"
    form = UpdateCardholderForm
    from_file = ("email", "phone_number", "first_name", "last_name", *ADDRESS)
    sensitive, personal = SENSITIVE, PERSONAL
    sentence = "{} was changed."

    def initial(self, row: Cardholder) -> Data:
        """As it stands."""
        return current(row)

    def body(self, row: Cardholder, values: Data) -> Data:
        """What changes: the form leaves only that."""
        return cardholder_body(values)

    def changed(self, row: Cardholder, values: Data) -> Data:
        """What is given and differs; with a part of the address, all of it."""
        return changes(row, values)

    def request(self, row: Cardholder, values: Data) -> Request:
        """The POST; of an address, which Stripe takes whole, what goes is told too."""
        return replace(super().request(row, values), whole=("billing[address]",))


class ActivateCardholder(CardholderVerb, StatusVerb):
    """Let their cards work again."""

    name = "issuing.activate_cardholder"
    label, label_many = "Activate cardholder", "Activate cardholders"
    permission = "issuing.update_cardholder"
    status, call = "active", "activate"
    inverse = "issuing.deactivate_cardholder"
    undo = "Deactivate the cardholder again."
    sentence = "{} is active: their active cards work."


class DeactivateCardholder(CardholderVerb, StatusVerb):
    """Have every authorization with their cards declined."""

    name = "issuing.deactivate_cardholder"
    label, label_many = "Deactivate cardholder", "Deactivate cardholders"
    permission = "issuing.update_cardholder"
    status, call = "inactive", "deactivate"
    inverse = "issuing.activate_cardholder"
    undo = "Activate the cardholder again. Until then each of their cards is declined."
    sentence = "{} is inactive: each of their cards is declined."


def cardholder_body(values: Data) -> Data:
    """The body of a cardholder's creation or update: only what is given."""
    address = {name: values.get(name) for name in ("line1", "line2", "city", "state", "postal_code", "country")}
    body = {
        **{name: values.get(name) for name in ("type", "name", "email", "phone_number")},
        "billing": {"address": address} if values.get("line1") else None,
        "individual": _individual(values),
        "company": {"tax_id": values.get("tax_id")},
    }
    return given(body)


def _individual(values: Data) -> Data:
    acceptance = {
        "date": unix(values.get("terms_date")),
        "ip": values.get("terms_ip"),
        "user_agent": values.get("terms_user_agent"),
    }
    return {
        "first_name": values.get("first_name"),
        "last_name": values.get("last_name"),
        "dob": _date(values.get("dob")),
        "card_issuing": {"user_terms_acceptance": acceptance},
    }


def _date(value: Any) -> Data:
    """1990-01-31 as Stripe wants dates."""
    if not value:
        return {}
    parts = [SHOWN_AS] * 3 if value == SHOWN_AS else [int(part) for part in str(value).split("-")]
    return dict(zip(("year", "month", "day"), parts, strict=True))


def unix(value: datetime | str | None) -> int | None:
    """A moment in unix seconds; UTC where it names no zone."""
    if not value:
        return None
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
