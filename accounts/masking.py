"""Personal data, masked for staff without `accounts.view_pii`. Numbers that prove identity are masked for everybody."""

from typing import Any

MASK = "•••"
NUMBERS = frozenset({"account_number", "id_number", "ssn_last_4", "tax_id"})
PERSONAL = frozenset(
    {
        "account_holder_name",
        "additional_tos_acceptances",
        "address",
        "address_kana",
        "address_kanji",
        "dob",
        "email",
        "fingerprint",
        "full_name_aliases",
        "gender",
        "ip",
        "last4",
        "maiden_name",
        "nationality",
        "phone",
        "registered_address",
        "routing_number",
        "us_cfpb_data",
        "user_agent",
    }
)


def masked(data: Any, *, may_see: bool) -> Any:
    """A copy of Stripe's data to show. Which fields are empty stays visible: what is missing is no secret."""
    hidden = NUMBERS if may_see else NUMBERS | PERSONAL
    if isinstance(data, list):
        return [masked(part, may_see=may_see) for part in data]
    if not isinstance(data, dict):
        return data
    return {name: _blank(value) if name in hidden else masked(value, may_see=may_see) for name, value in data.items()}


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _blank(part) for name, part in value.items()}
    if isinstance(value, list):
        return [MASK] if value else []
    return MASK if value not in (None, "", False, True) else value


def email(value: str, *, may_see: bool) -> str:
    """An address for facts: `m•••@kestrel.example` without the permission."""
    if may_see or not value:
        return value
    name, at, domain = value.partition("@")
    return f"{name[:1]}{MASK}{at}{domain}" if at else MASK
