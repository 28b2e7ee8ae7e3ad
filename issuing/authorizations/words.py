"""Reasons and circumstances of authorizations in words (docs.stripe.com/api/issuing/authorizations/object)."""

from dataclasses import dataclass
from typing import Any

from console.shell.moves import HOLDER, STAFF, STRIPE

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


@dataclass(frozen=True)
class Reason:
    """Why a request was answered as it was. `rung` is where it stopped, "" for none that we know."""

    title: str  # follows "Declined: "
    sentence: str
    move: str = ""  # whose: STAFF, HOLDER, STRIPE, or nobody's
    rung: str = ""
    verb: str = ""  # that mends it, of console.operations.verbs
    rule: str = "authorizations"  # of console.shell.nouns.rules


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
    "not_allowed": Reason("not allowed", "Stripe does not allow this kind of authorization.", STRIPE, VERIFICATION),
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


def why_declined(row: Any) -> str:
    """What a list says below a declined outcome: its reason, an unknown one as it came."""
    if row.approved:
        return ""
    title = reason(row.reason).title if row.reason in REASONS else row.reason
    return title[:1].upper() + title[1:]


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
