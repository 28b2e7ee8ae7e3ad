"""Stripe's Issuing values in words: reasons, requirements, spending controls. Pure tables; what they lack stays as it
came.

docs.stripe.com/api/issuing/authorizations/object, /issuing/controls/spending-controls
"""

from dataclasses import dataclass

from console import formats
from gateway.shapes import hashes_at, integer_at, text_at, texts_at

STAFF, HOLDER, STRIPE = "staff", "holder", "stripe"

# The rungs of the ladder. Stripe documents that it looks at all of them, but not in which order.
CAPABILITY, CARD, CARDHOLDER, VERIFICATION = "capability", "card", "cardholder", "verification"
CONTROLS, DEFAULTS, BALANCE, PLATFORM = "controls", "defaults", "balance", "platform"
RUNGS = {
    CAPABILITY: "Capability",
    CARD: "Card",
    CARDHOLDER: "Cardholder",
    VERIFICATION: "Verification",
    CONTROLS: "Spending controls",
    DEFAULTS: "Stripe’s default limits",
    BALANCE: "Issuing balance",
    PLATFORM: "Platform’s own decision",
}

# They apply silently: neither shows in the card's object (docs.stripe.com/issuing/controls/spending-controls).
DEFAULT_DAILY, MOST_PER_AUTHORIZATION = 500_00, 10_000_00  # minor units of usd


@dataclass(frozen=True)
class Reason:
    """Why a request was answered as it was. `rung` is where it stopped, "" for none that we know."""

    title: str  # follows "Declined: "
    sentence: str
    move: str = ""  # whose: STAFF, HOLDER, STRIPE, or nobody's
    rung: str = ""
    verb: str = ""  # that mends it, of console.verbs
    rule: str = "authorizations"  # of console.links.RULES


# All reasons of request_history[].reason, as of 2026-10-28.endive.
REASONS = {
    "account_disabled": Reason(
        "Issuing is off", "Issuing of this account was not active.", STAFF, CAPABILITY, rule="capabilities"
    ),
    "card_active": Reason("approved", "The card was active and nothing stood against it."),
    "card_canceled": Reason(
        "card canceled", "The card was canceled. A canceled card never works again.", STAFF, CARD, "issuing.create_card"
    ),
    "card_expired": Reason("card expired", "The card had expired.", STAFF, CARD, "issuing.create_card"),
    "card_inactive": Reason(
        "card inactive", "The card was not active at that moment.", STAFF, CARD, "issuing.activate_card"
    ),
    "cardholder_blocked": Reason(
        "cardholder blocked", "Stripe has blocked the cardholder, for good.", STRIPE, CARDHOLDER, rule="cardholders"
    ),
    "cardholder_inactive": Reason(
        "cardholder inactive",
        "The cardholder was not active at that moment.",
        STAFF,
        CARDHOLDER,
        "issuing.activate_cardholder",
        rule="cardholders",
    ),
    "cardholder_verification_required": Reason(
        "cardholder not verified",
        "Stripe still needs something of the cardholder; until then each of their cards is declined.",
        STAFF,
        CARDHOLDER,
        "issuing.update_cardholder",
        rule="cardholders",
    ),
    "insecure_authorization_method": Reason(
        "insecure method", "The merchant read the card in a way that is not safe enough.", HOLDER, VERIFICATION
    ),
    "insufficient_funds": Reason(
        "insufficient funds",
        "The Issuing balance did not cover the amount.",
        STAFF,
        BALANCE,
        "issuing.create_topup",
        rule="issuing_balance",
    ),
    "network_fallback": Reason("network fallback", "The card network answered in Stripe’s place.", STRIPE, PLATFORM),
    "not_allowed": Reason("not allowed", "Stripe does not allow this kind of purchase.", STRIPE, VERIFICATION),
    "pin_blocked": Reason("PIN blocked", "The PIN was typed wrong too often.", HOLDER, VERIFICATION),
    "spending_controls": Reason(
        "spending controls",
        "A spending control of the card or the cardholder stopped it.",
        STAFF,
        CONTROLS,
        "issuing.update_card",
        rule="spending_controls",
    ),
    "suspected_fraud": Reason("suspected fraud", "Stripe suspected fraud.", STAFF, VERIFICATION),
    "verification_failed": Reason(
        "verification failed", "What the merchant sent did not match the card.", HOLDER, VERIFICATION
    ),
    "webhook_approved": Reason("approved by the platform", "The platform’s own endpoint approved it.", "", PLATFORM),
    "webhook_declined": Reason(
        "declined by the platform",
        "The platform’s own endpoint declined it.",
        STAFF,
        PLATFORM,
        rule="real_time_authorizations",
    ),
    "webhook_error": Reason(
        "the platform’s endpoint failed",
        "The platform’s own endpoint gave an answer that Stripe could not read.",
        STAFF,
        PLATFORM,
        rule="real_time_authorizations",
    ),
    "webhook_timeout": Reason(
        "the platform’s endpoint was late",
        "The platform’s own endpoint did not answer within 2 s.",
        STAFF,
        PLATFORM,
        rule="real_time_authorizations",
    ),
}


def reason(name: str) -> Reason:
    """The reason in words; one that Stripe adds tomorrow as it came."""
    return REASONS.get(name) or Reason(name or "no reason given", "Stripe gives no reason that this console knows.")


# What a cardholder's requirements ask for: requirements.past_due, one sentence for all keys that begin alike.
PAST_DUE = {
    "company.tax_id": ("The company’s tax ID", STAFF),
    "individual.card_issuing.user_terms_acceptance": ("Acceptance of the authorized-user terms, by themselves", HOLDER),
    "individual.dob": ("Date of birth", STAFF),
    "individual.first_name": ("First name", STAFF),
    "individual.last_name": ("Last name", STAFF),
    "individual.verification.document": ("A document that proves who they are", HOLDER),
}
DISABLED = {
    "listed": ("Stripe compares the cardholder with sanctions lists.", STRIPE),
    "rejected.listed": ("Stripe found the cardholder on a sanctions list and blocked them for good.", STRIPE),
    "requirements.past_due": ("Each card of this cardholder is declined until Stripe has what it asks for.", STAFF),
    "under_review": ("Stripe is looking at the cardholder; until then each of their cards is declined.", STRIPE),
}


@dataclass(frozen=True)
class Asked:
    """One thing that Stripe asks of a cardholder, with the keys it stands for, and whose move it is."""

    title: str
    move: str
    keys: tuple[str, ...]


def asked(past_due: list[str]) -> list[Asked]:
    """Past-due keys in words, those that make one thing together; an unknown key as it came, for staff to read."""
    found: dict[tuple[str, str], list[str]] = {}
    for key in past_due:
        begin = next((name for name in PAST_DUE if key == name or key.startswith(f"{name}.")), "")
        found.setdefault(PAST_DUE.get(begin, (key, STAFF)), []).append(key)
    return [Asked(title, move, tuple(keys)) for (title, move), keys in found.items()]


def disabled(why: str) -> tuple[str, str]:
    """(sentence, whose move) of a cardholder's requirements.disabled_reason."""
    return DISABLED.get(why) or (f"Stripe says {why}.", STRIPE)


INTERVALS = {
    "per_authorization": "per authorization",
    "daily": "a day",
    "weekly": "a week",
    "monthly": "a month",
    "yearly": "a year",
    "all_time": "in all",
}
METHODS = {
    "chip": "Chip",
    "contactless": "Contactless",
    "keyed_in": "Keyed in",
    "online": "Online",
    "swipe": "Swiped",
}
PRESENCES = {"present": "Card present", "not_present": "Card not present"}
CHECKS = {
    "cvc_check": "CVC",
    "expiry_check": "Expiry date",
    "address_postal_code_check": "Postal code",
    "address_line1_check": "Street",
}
MOVEMENTS = {
    "issuing_authorization_hold": "Held by an authorization",
    "issuing_authorization_release": "Hold released",
    "issuing_dispute": "Dispute won",
    "issuing_transaction": "Purchase or refund",
    "payout": "Payout",
    "topup": "Top-up",
    "transfer": "Transfer",
}
TYPES = {"individual": "Individual", "company": "Company", "virtual": "Virtual", "physical": "Physical"}
TRANSACTIONS = {"capture": "Capture", "refund": "Refund"}


def plain(value: str) -> str:
    """One of Stripe's enum values as words: "automated_fuel_dispensers" → "Automated fuel dispensers"."""
    text = value.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def categories(values: list[str] | None) -> str:
    """Merchant categories as they stand in a sentence: "eating places restaurants, bakeries"."""
    return ", ".join(value.replace("_", " ") for value in values or ())


def amount(minor: int, currency: str) -> str:
    """Minor units with their code: (20000, "usd") → "200.00 USD"."""
    return f"{formats.money(minor, currency)} {currency.upper()}"


def limit(each: dict[str, object], currency: str) -> str:
    """One spending limit: "200.00 USD a week on service stations"."""
    names = texts_at(each, "categories")
    where = f" on {categories(names)}" if names else ""
    interval, sum_ = text_at(each, "interval"), integer_at(each, "amount")
    size = "an unknown amount" if sum_ is None else amount(sum_, currency)
    return f"{size} {INTERVALS.get(interval, interval)}{where}"


LISTS = (
    ("allowed_categories", "Only these categories", categories),
    ("blocked_categories", "Never these categories", categories),
    ("allowed_merchant_countries", "Only merchants in", ", ".join),
    ("blocked_merchant_countries", "Never merchants in", ", ".join),
    ("allowed_card_presences", "Only", categories),
    ("blocked_card_presences", "Never", categories),
)


def controls(found: dict[str, object] | None, currency: str) -> list[tuple[str, str]]:
    """Spending controls as (name, words), empty where none is set. Limits first."""
    rows = [("Limit", limit(each, currency)) for each in hashes_at(found, "spending_limits")]
    for name, label, words in LISTS:
        values = texts_at(found, name)
        if values:
            rows.append((label, words(values)))
    return rows


def silent_limits(found: dict[str, object] | None, currency: str) -> list[tuple[str, str]]:
    """Stripe's own limits that hold for this card though its object does not show them; known for usd only."""
    if currency != "usd":
        return [("Stripe’s default", "A limit a day and one per authorization, whose sizes Stripe gives for USD only")]
    own = hashes_at(found, "spending_limits")
    daily = [] if own else [("Stripe’s default", f"{amount(DEFAULT_DAILY, 'usd')} a day, because no limit is set here")]
    most = ("Stripe’s default", f"{amount(MOST_PER_AUTHORIZATION, 'usd')} per authorization, always")
    return [*daily, most]
