"""What Stripe is sent for each of this room's verbs, made of what staff filled in. No network, no clock.

Values are the forms' own, or the same as JSON gives them back (text for amounts and moments). A sensitive value that a
preview may not show is SHOWN_AS.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from accounts.models import Account
from console import formats

Data = dict[str, Any]
SHOWN_AS = "•••"
CURRENCIES = {"US": "usd", "GB": "gbp"}  # what an account of this country issues in; eur elsewhere in Europe


def currency_of(account_id: str) -> str:
    """The one currency in which an account issues. One query."""
    return CURRENCIES.get(country_of(account_id), "eur")


def country_of(account_id: str) -> str:
    """The account's country, "" where it is not known. One query."""
    return Account.objects.filter(pk=account_id).values_list("country", flat=True).first() or ""


def minor(amount: Decimal | str | None, currency: str) -> int | None:
    """An amount in major units as minor ones: "12.5" of usd is 1250; None for none."""
    if amount in (None, ""):
        return None
    return int(Decimal(str(amount)).scaleb(formats.decimals(currency)))


def cardholder(values: Data, marks: Data) -> Data:
    """The body of a cardholder's creation or update: only what is given. `marks` become its metadata."""
    address = {name: values.get(name) for name in ("line1", "line2", "city", "state", "postal_code", "country")}
    body = {
        **{name: values.get(name) for name in ("type", "name", "email", "phone_number")},
        "billing": {"address": address} if values.get("line1") else None,
        "individual": _individual(values),
        "company": {"tax_id": values.get("tax_id")},
        "metadata": marks,
    }
    return given(body)


def _individual(values: Data) -> Data:
    return {
        "first_name": values.get("first_name"),
        "last_name": values.get("last_name"),
        "dob": _date(values.get("dob")),
        "card_issuing": {
            "user_terms_acceptance": {
                "date": unix(values.get("terms_date")),
                "ip": values.get("terms_ip"),
                "user_agent": values.get("terms_user_agent"),
            }
        },
    }


def given(body: Data) -> Data:
    """A body without what was left empty, hashes that became empty included."""
    kept = {name: given(value) if isinstance(value, dict) else value for name, value in body.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", {}, [])}


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


def card(values: Data, currency: str, marks: Data) -> Data:
    """The body of a virtual card's creation, inactive."""
    amount = minor(values.get("limit_amount"), currency)
    limit = {"amount": amount, "interval": values.get("limit_interval") or "monthly"}
    return given(
        {
            "cardholder": values.get("cardholder"),
            "currency": currency,
            "type": "virtual",
            "status": "inactive",
            "spending_controls": {"spending_limits": [limit]} if amount else None,
            "metadata": marks,
        }
    )


def card_controls(values: Data, currency: str, marks: Data) -> Data:
    """The body of a change of a card's spending controls: only what is in `values`."""
    given_: Data = dict(values)
    if values.get("spending_limits"):
        given_["spending_limits"] = limits(values["spending_limits"], currency)
    return {**({"spending_controls": given_} if given_ else {}), "metadata": marks}


def limits(values: list[Data], currency: str) -> list[Data]:
    """Spending limits as Stripe takes them, amounts in minor units."""
    return [
        {
            "amount": minor(each["amount"], currency),
            "interval": each["interval"],
            **({"categories": each["categories"]} if each.get("categories") else {}),
        }
        for each in values
    ]


def topup(values: Data, marks: Data) -> Data:
    """The body of a top-up of the Issuing balance, which is US only."""
    return given(
        {
            "amount": minor(values.get("amount"), "usd"),
            "currency": "usd",
            "destination_balance": "issuing",
            "description": values.get("description"),
            "statement_descriptor": values.get("statement_descriptor"),
            "metadata": marks,
        }
    )


def authorization(values: Data, currency: str) -> Data:
    """The body of a test purchase."""
    return given(
        {
            "card": values.get("card"),
            "amount": minor(values.get("amount"), currency),
            "currency": currency,
            "authorization_method": values.get("authorization_method") or "online",
            "merchant_data": {"name": values.get("merchant_name"), "category": values.get("category")},
        }
    )


def capture(values: Data, currency: str) -> Data:
    """The body of a capture; empty takes all and closes."""
    body: Data = given({"capture_amount": minor(values.get("capture_amount"), currency)})
    return body | ({"close_authorization": False} if values.get("keep_open") else {})


def reverse(values: Data, currency: str) -> Data:
    """The body of a reversal; empty gives all back."""
    return given({"reverse_amount": minor(values.get("reverse_amount"), currency)})
