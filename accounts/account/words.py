"""What an account's two badges say, judged from Stripe's data alone: `controller`, capabilities, requirements.

Never from `type`. The words are Stripe's Dashboard's own
(docs.stripe.com/connect/dashboard/review-actionable-accounts);
which of them wins where several fit is our inference. Nothing here needs a clock: a deadline that has passed is judged
where it is shown.
"""

from dataclasses import dataclass
from typing import Any

from gateway.shapes import hash_at, text_at, value_at

Data = dict[str, Any]

RESTRICTED = "restricted"
RESTRICTED_SOON = "restricted_soon"
IN_REVIEW = "in_review"
REJECTED = "rejected"
ENABLED = "enabled"
NOT_REQUESTED = "not_requested"
CANNOT_ISSUE = "cannot_issue"

OVERALL = {
    RESTRICTED: "Restricted",
    RESTRICTED_SOON: "Restricted soon",
    IN_REVIEW: "In review",
    ENABLED: "Enabled",
    REJECTED: "Rejected",
}
ISSUING = {**OVERALL, NOT_REQUESTED: "Not requested", CANNOT_ISSUE: "Cannot issue"}

CUSTOM, EXPRESS, STANDARD, OTHER = "custom", "express", "standard", "other"
KINDS = {CUSTOM: "Custom", EXPRESS: "Express", STANDARD: "Standard", OTHER: "Other"}

# An account is restricted by these; a single payment method that is off does not restrict it.
PRIMARY = frozenset({"card_issuing", "card_payments", "transfers", "treasury", "legacy_payments"})
LOOKED_AT = frozenset({"under_review", "listed", "requirements.pending_verification"})

_REJECTIONS = {
    "rejected.platform_fraud": "by the platform, for fraud",
    "rejected.platform_other": "by the platform",
    "rejected.platform_terms_of_service": "by the platform, for breaking its terms",
    "rejected.fraud": "by Stripe, for suspected fraud",
    "rejected.incomplete_verification": "by Stripe, because verification was not completed",
    "rejected.listed": "by Stripe, because of a sanctions list",
    "rejected.terms_of_service": "by Stripe, for breaking its terms",
    "rejected.inactivity": "by Stripe, because no card was used for 13 months",
    "rejected.unsupported_business": "by Stripe, because it does not support this business",
    "rejected.other": "by Stripe",
}
_STOPS = {
    "paused.inactivity": "Paused: the account was not used for a long time.",
    "pending.onboarding": "Onboarding has not been finished.",
    "platform_disabled": "The platform has turned it off.",
    "platform_paused": "The platform has paused it.",
    "requirements.fields_needed": "Required details are missing.",
    "requirements.past_due": "Required details are past due.",
    "action_required.requested_capabilities": "No capability is requested.",
}


@dataclass(frozen=True)
class Kind:
    """How the account is set up, and whether Issuing is open to it."""

    name: str  # custom, express, standard, other
    can_issue: bool
    why: str  # one sentence

    @property
    def word(self) -> str:
        """As lists show it."""
        return KINDS[self.name]


@dataclass(frozen=True)
class Status:
    """A badge: Stripe's state as one word of ISSUING (or as it came, when Stripe knows one that we do not), and why."""

    name: str
    why: str = ""

    @property
    def word(self) -> str:
        """As badges show it."""
        return ISSUING.get(self.name, self.name)


def kind(account: Data) -> Kind:
    """How it is set up, by `controller`. Only the Custom-equivalent can issue (docs.stripe.com/issuing/connect)."""
    controller = hash_at(account, "controller")
    dashboard = text_at(controller, "stripe_dashboard.type")
    if controller.get("type") == "account" or dashboard == "full":
        return Kind(STANDARD, False, "It has Stripe's full Dashboard. Issuing needs an account without one.")
    if dashboard == "express":
        return Kind(EXPRESS, False, "It has the Express Dashboard. Issuing needs an account without one.")
    if dashboard != "none":
        return Kind(OTHER, False, "Stripe did not say who controls it.")
    obstacle = _obstacle(controller)
    if obstacle:
        return Kind(OTHER, False, obstacle)
    return Kind(CUSTOM, True, "The platform collects requirements, pays fees and carries losses: it can issue.")


def _obstacle(controller: Data) -> str:
    if controller.get("requirement_collection") != "application":
        return "Stripe collects its requirements. Issuing needs the platform to collect them."
    if text_at(controller, "losses.payments") != "application":
        return "Stripe carries its losses. Issuing needs the platform to carry them."
    if not text_at(controller, "fees.payer").startswith("application"):
        return "The account pays its own fees. Issuing needs the platform to pay them."
    return ""


def platform_collects(account: Data) -> bool:
    """Whether the platform collects requirements: only then an account link may be of type `account_update`."""
    return text_at(account, "controller.requirement_collection") == "application"


def overall(account: Data) -> Status:
    """The account's own badge: rejected, restricted, in review, restricted soon or enabled."""
    requirements = hash_at(account, "requirements")
    reason = text_at(requirements, "disabled_reason")
    if reason.startswith("rejected."):
        return Status(REJECTED, rejection(reason))
    if reason in LOOKED_AT and not requirements.get("past_due"):
        return Status(IN_REVIEW, _review(reason))
    stopped = inactive(account)
    if stopped or reason:
        return Status(RESTRICTED, _restriction(reason, stopped))
    if requirements.get("pending_verification") and not requirements.get("currently_due"):
        return Status(IN_REVIEW, "Stripe is verifying what was given.")
    if requirements.get("currently_due") and requirements.get("current_deadline"):
        return Status(RESTRICTED_SOON, "Required details are due by a date.")
    return Status(ENABLED, "All that it asked for works.")


def inactive(account: Data) -> list[str]:
    """Its requested primary capabilities that are inactive, by name."""
    capabilities = hash_at(account, "capabilities")
    return sorted(name for name, status in capabilities.items() if name in PRIMARY and status == "inactive")


def issuing(account: Data, capability: Data | None = None) -> Status:
    """The Issuing badge. Without the capability's own object the account's short word for it must do."""
    setup = kind(account)
    if not setup.can_issue:
        return Status(CANNOT_ISSUE, setup.why)
    reason = text_at(account, "requirements.disabled_reason")
    if reason.startswith("rejected."):
        return Status(REJECTED, rejection(reason))
    short = text_at(account, "capabilities.card_issuing")
    if not short:
        return Status(NOT_REQUESTED, "The capability card_issuing is not requested.")
    return capability_status(capability or {"status": short})


def capability_status(capability: Data) -> Status:
    """A capability's badge, from its own object. Its `disabled_reason` has a vocabulary of its own."""
    requirements = hash_at(capability, "requirements")
    state, reason = text_at(capability, "status"), text_at(requirements, "disabled_reason")
    if state == "active":
        soon = requirements.get("currently_due") and requirements.get("current_deadline")
        return Status(RESTRICTED_SOON, "Required details are due by a date.") if soon else Status(ENABLED, "It works.")
    if state == "pending" or (state == "inactive" and reason == "pending.review"):
        return Status(IN_REVIEW, "Stripe is verifying what was given.")
    if state == "unrequested":
        return Status(NOT_REQUESTED, "It is not requested.")
    if state != "inactive":
        return Status(state, "Stripe's own word; this console does not know it.")
    if reason.startswith("rejected."):
        return Status(REJECTED, rejection(reason))
    return Status(RESTRICTED, _STOPS.get(reason) or (f"Stripe says {reason}." if reason else "It is inactive."))


def began(account: Data) -> bool:
    """Whether anybody has begun to onboard: before, everything is due and nothing is wrong."""
    requirements = hash_at(account, "requirements")
    signed = value_at(account, "tos_acceptance.date") or issuing_terms(account).get("date")
    touched = (
        requirements.get("errors") or requirements.get("pending_verification") or requirements.get("current_deadline")
    )
    return bool(value_at(account, "details_submitted") or signed or touched)


def issuing_terms(account: Data) -> Data:
    """The acceptance of the Issuing terms: `date` (unix seconds or null) and `ip`; empty where Stripe sends none."""
    return hash_at(account, "settings.card_issuing.tos_acceptance")


def rejection(reason: str) -> str:
    """Who rejected it and why, from a `disabled_reason`; an unknown one is shown as it came."""
    return f"Rejected {_REJECTIONS[reason]}." if reason in _REJECTIONS else f"Stripe says {reason}."


def _review(reason: str) -> str:
    words = {"listed": "Stripe compares it with sanctions lists.", "under_review": "Stripe reviews the account."}
    return words.get(reason, "Stripe is verifying what was given.")


def _restriction(reason: str, stopped: list[str]) -> str:
    why = _STOPS.get(reason) or (f"Stripe says {reason}." if reason else "")
    off = f"{' and '.join(stopped)} {'is' if len(stopped) == 1 else 'are'} inactive." if stopped else ""
    return f"{off} {why}".strip()
