"""The fields of the hosted onboarding form: what each requirement key is called and typed as, and its test value."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

Data = dict[str, Any]

Options = tuple[tuple[str, str], ...]
DOCUMENTS: Options = (
    ("", "Choose a test document"),
    ("file_identity_document_success", "A document that verifies"),
    ("file_identity_document_failure", "A document that fails"),
)


@dataclass(frozen=True)
class Field:
    """An input. `kind`: text, email, tel, url, integer, money, date, secret, select, area, check, choice."""

    label: str
    kind: str = "text"
    test: str = ""
    hint: str = ""
    width: str = ""  # half, third or the whole line
    options: Options = ()
    optional: bool = False


TYPES: Options = (
    ("", "Choose one"),
    ("company", "Company"),
    ("individual", "Individual or sole proprietor"),
    ("non_profit", "Non-profit"),
    ("government_entity", "Government entity"),
)
STRUCTURES: Options = (
    ("", "Choose one"),
    ("single_member_llc", "Single-member LLC"),
    ("multi_member_llc", "Multi-member LLC"),
    ("private_corporation", "Private corporation"),
    ("public_corporation", "Public corporation"),
    ("private_partnership", "Private partnership"),
    ("sole_proprietorship", "Sole proprietorship"),
)
BUSINESS: dict[str, Field] = {
    "business_type": Field("Type of business", "select", "company", options=TYPES),
    "company.name": Field("Legal business name", test="Rocket Rides, LLC"),
    "company.structure": Field("Legal structure", "select", "multi_member_llc", options=STRUCTURES),
    "company.tax_id": Field(
        "Tax ID (EIN)", "secret", "000000000", "000000000 verifies, 222222222 at once, 111111111 does not match."
    ),
    "company.phone": Field("Business phone", "tel", "0000000000", "0000000000 is a valid test number."),
    "company.address.line1": Field(
        "Street address", test="address_full_match", hint="No P.O. box. address_no_match fails."
    ),
    "company.address.city": Field("City", test="Austin", width="third"),
    "company.address.state": Field("State", test="TX", width="third"),
    "company.address.postal_code": Field("Postal code", test="78701", width="third"),
    "company.verification.document": Field("Document about the company", "select", DOCUMENTS[1][0], options=DOCUMENTS),
    "business_profile.name": Field("Name customers know", test="Rocket Rides"),
    "business_profile.mcc": Field("Industry code (MCC)", test="5734", hint="Four digits.", width="half"),
    "business_profile.estimated_worker_count": Field("People at work", "integer", "12", width="half"),
    "business_profile.url": Field("Website", "url", "https://accessible.stripe.com"),
    "business_profile.product_description": Field(
        "What you sell", "area", "Rides on rockets, by the minute.", "If you have no website: at least ten characters."
    ),
    "business_profile.support_phone": Field("Support phone", "tel", "0000000000"),
    "business_profile.support_email": Field("Support email", "email", "help@example.com"),
    "business_profile.annual_revenue.amount": Field("Yearly revenue", "money", "250000.00", width="third"),
    "business_profile.annual_revenue.currency": Field("Currency", test="usd", width="third"),
    "business_profile.annual_revenue.fiscal_year_end": Field("Fiscal year end", "date", "2025-12-31", width="third"),
}
POLITICAL: Options = (("", "Choose one"), ("none", "No"), ("existing", "Yes"))
PERSON: dict[str, Field] = {
    "first_name": Field("First name", test="Jane", width="half"),
    "last_name": Field("Last name", test="Austen", width="half"),
    "relationship.title": Field("Job title", test="CEO"),
    "email": Field("Email", "email", "jane@example.com", width="half"),
    "phone": Field("Phone", "tel", "0000000000", width="half"),
    "dob.month": Field("Birth month", "integer", "1", width="third"),
    "dob.day": Field("Birth day", "integer", "1", width="third"),
    "dob.year": Field("Birth year", "integer", "1901", "1/1/1901 verifies, 1/1/1902 at once.", width="third"),
    "address.line1": Field("Home address", test="address_full_match", hint="No P.O. box. address_no_match fails."),
    "address.city": Field("City", test="Austin", width="third"),
    "address.state": Field("State", test="TX", width="third"),
    "address.postal_code": Field("Postal code", test="78701", width="third"),
    "ssn_last_4": Field("Last 4 of Social Security number", "secret", "0000", "0000 verifies."),
    "id_number": Field(
        "Social Security number", "secret", "000000000", "000000000 verifies, 222222222 at once, 111111111 fails."
    ),
    "political_exposure": Field("Holds, or held, high public office", "select", "none", options=POLITICAL),
    "verification.document": Field("Identity document", "select", DOCUMENTS[1][0], options=DOCUMENTS),
    "verification.additional_document": Field("Proof of address", "select", DOCUMENTS[1][0], options=DOCUMENTS),
}
PERCENT = Field("Share owned, in percent", "integer", "100", "25 or more.", width="half")
BANK: dict[str, Field] = {
    "account_holder_name": Field("Account holder", test="Jane Austen"),
    "routing_number": Field("Routing number", test="110000000", hint="110000000 is the test bank.", width="half"),
    "account_number": Field("Account number", "secret", "000123456789", "000123456789 works.", width="half"),
}
BANK_GB: dict[str, Field] = {
    "account_holder_name": BANK["account_holder_name"],
    "routing_number": Field("Sort code", test="108800", hint="108800 is the test bank.", width="half"),
    "account_number": Field("Account number", "secret", "00012345", "00012345 works.", width="half"),
}
OTHER = Field("Your answer", "area", "This is a test.", "Stripe asks for this itself; any answer settles it here.")
TOGETHER = ("dob.", "company.address.", "address.", "business_profile.annual_revenue.")


def fields_for(keys: Iterable[str], known: dict[str, Field]) -> dict[str, Field]:
    """The fields of these keys in the order of the form; parts of a date or an address bring the others along."""
    due = set(keys)
    starts = [start for start in TOGETHER if any(key.startswith(start) for key in due)]
    shown = {key: field for key, field in known.items() if key in due or key.startswith(tuple(starts))}
    may_stay_empty = {key for key in shown if key not in due and "address." in key}  # a state, outside the US
    return {key: replace(field, optional=field.optional or key in may_stay_empty) for key, field in shown.items()}


def typed(field: Field, text: str) -> Any:
    """The value of the API parameter; raises ValueError in words for the holder."""
    if field.kind == "integer":
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise ValueError("Enter a whole number.")
        return int(text)
    if field.kind == "money":
        whole, _, cents = text.replace(",", "").partition(".")
        digits = whole.isascii() and whole.isdigit() and (cents + "0").isdigit()
        if not digits or len(whole) > 12 or len(cents) > 2:
            raise ValueError("Enter an amount such as 250000.00.")
        return int(whole) * 100 + int(cents.ljust(2, "0"))
    if field.options and text not in dict(field.options):
        raise ValueError("Choose one of the list.")
    return text


def nested(values: Data) -> Data:
    """`{"dob.day": 1}` as `{"dob": {"day": 1}}`; a document's key becomes its front page."""
    tree: Data = {}
    for key, value in values.items():
        *parents, last = (f"{key}.front" if key.endswith("document") else key).split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return tree
