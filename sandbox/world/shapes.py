"""New objects as Stripe shows them before anything is known of them."""

from typing import Any

from sandbox.rules.requirements import Due, lists, nothing

Data = dict[str, Any]

CURRENCIES = {"US": "usd", "GB": "gbp"}
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
ACCEPTANCE = ("date", "ip", "user_agent")
WHOLE: dict[str, tuple[str, ...]] = {
    "address_kana": (*ADDRESS, "town"),
    "address_kanji": (*ADDRESS, "town"),
    "administrative_address": ADDRESS,
    "physical_address": ADDRESS,
    "principal_place_of_business": ADDRESS,
    "registered_address": ADDRESS,
    "support_address": ADDRESS,
    "directorship_declaration": ACCEPTANCE,
    "ownership_declaration": ACCEPTANCE,
    "representative_declaration": ACCEPTANCE,
    "us_cfpb_data": ("ethnicity_details", "race_details", "self_identified_gender"),
    "ethnicity_details": ("ethnicity", "ethnicity_other"),
    "race_details": ("race", "race_other"),
}


def _empty(*names: str) -> Data:
    return dict.fromkeys(names)


def address() -> Data:
    """An address nobody has given."""
    return _empty(*ADDRESS)


def whole(data: Data) -> Data:
    """The object with every hash of which a part was given shown in full, at any depth."""
    shown = {}
    for name, value in data.items():
        if isinstance(value, dict) and name != "metadata" and not name.startswith("_"):
            value = {**_empty(*WHOLE.get(name, ())), **whole(value)}
        shown[name] = value
    return shown


def new_account(account_id: str, country: str, created: int) -> Data:
    """An account without controller and type."""
    return {
        "id": account_id,
        "object": "account",
        "business_profile": _business_profile(),
        "business_type": None,
        "capabilities": {},
        "charges_enabled": False,
        "company": _company(),
        "country": country,
        "created": created,
        "default_currency": CURRENCIES.get(country, "eur"),
        "details_submitted": False,
        "email": None,
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{account_id}/external_accounts",
        },
        "future_requirements": nothing(),
        "groups": None,
        "metadata": {},
        "payouts_enabled": False,
        "requirements": nothing(),
        "settings": _settings(),
        "tos_acceptance": _empty("date", "ip", "user_agent"),
    }


def _business_profile() -> Data:
    names = ("mcc", "minority_owned_business_designation", "name", "product_description", "support_address")
    contact = ("support_email", "support_phone", "support_url", "url", "specified_commercial_transactions_act_url")
    return {"annual_revenue": None, "estimated_worker_count": None, **_empty(*names, *contact)}


def _company() -> Data:
    return {
        "address": address(),
        "directors_provided": False,
        "executives_provided": False,
        "name": None,
        "owners_provided": False,
        "phone": None,
        "tax_id_provided": False,
        "verification": {"document": document()},
    }


def document() -> Data:
    """A document nobody has uploaded."""
    return _empty("back", "details", "details_code", "front")


def _settings() -> Data:
    kana = ("statement_descriptor_kana", "statement_descriptor_kanji")
    prefixes = ("statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji")
    return {
        "bacs_debit_payments": _empty("display_name", "service_user_number"),
        "branding": _empty("icon", "logo", "primary_color", "secondary_color"),
        "card_issuing": {"tos_acceptance": _empty("date", "ip")},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            **_empty("statement_descriptor_prefix", *prefixes),
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "invoices": _empty("default_account_tax_ids", "hosted_payment_method_save"),
        "payments": _empty("statement_descriptor", *kana, *prefixes),
        "payouts": {
            "debit_negative_balances": False,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def new_person(person_id: str, account_id: str, created: int) -> Data:
    """A person of whom nothing is known."""
    lists_only = lists(Due(), 0)
    return {
        "id": person_id,
        "object": "person",
        "account": account_id,
        "additional_tos_acceptances": {"account": _empty("date", "ip", "user_agent")},
        "address": address(),
        "created": created,
        "dob": _empty("day", "month", "year"),
        **_empty("email", "first_name", "last_name"),
        "full_name_aliases": [],
        "future_requirements": lists_only,
        "id_number_provided": False,
        "metadata": {},
        **_empty("nationality", "phone"),
        "political_exposure": "none",
        "relationship": {
            "authorizer": None,
            "director": False,
            "executive": False,
            "legal_guardian": False,
            "owner": False,
            "percent_ownership": None,
            "representative": False,
            "title": None,
        },
        "requirements": dict(lists_only),
        "ssn_last_4_provided": False,
        "verification": {
            "additional_document": document(),
            **_empty("details", "details_code"),
            "document": document(),
            "status": "unverified",
        },
    }


def new_bank_account(bank_id: str, account_id: str) -> Data:
    """A bank account whose numbers are still to be put in."""
    quiet: Data = {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}
    return {
        "id": bank_id,
        "object": "bank_account",
        "account": account_id,
        **_empty("account_holder_name", "account_holder_type", "account_type"),
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "default_for_currency": False,
        "future_requirements": quiet,
        "metadata": {},
        "requirements": dict(quiet),
        "status": "new",
    }
