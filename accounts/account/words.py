"""What an account's two badges say, judged from Stripe's data alone: `controller`, capabilities, requirements.

Never from `type`. The words are Stripe's Dashboard's own
(docs.stripe.com/connect/dashboard/review-actionable-accounts);
which of them wins where several fit is our inference. Nothing here needs a clock: a deadline that has passed is judged
where it is shown.
"""

from dataclasses import dataclass
from typing import Any

from accounts.capabilities.words import (
    CANNOT_ISSUE,
    ENABLED,
    IN_REVIEW,
    NOT_REQUESTED,
    REJECTED,
    RESTRICTED,
    RESTRICTED_SOON,
    STOPS,
    Status,
    capability_status,
    rejection,
)
from gateway.shapes import hash_at, text_at

Data = dict[str, Any]

CUSTOM, EXPRESS, STANDARD, OTHER = "custom", "express", "standard", "other"
KINDS = {CUSTOM: "Custom", EXPRESS: "Express", STANDARD: "Standard", OTHER: "Other"}

# An account is restricted by these; a single payment method that is off does not restrict it.
PRIMARY = frozenset({"card_issuing", "card_payments", "transfers", "treasury", "legacy_payments"})
LOOKED_AT = frozenset({"under_review", "listed", "requirements.pending_verification"})


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


def _review(reason: str) -> str:
    words = {"listed": "Stripe compares it with sanctions lists.", "under_review": "Stripe reviews the account."}
    return words.get(reason, "Stripe is verifying what was given.")


def _restriction(reason: str, stopped: list[str]) -> str:
    why = STOPS.get(reason) or (f"Stripe says {reason}." if reason else "")
    off = f"{' and '.join(stopped)} {'is' if len(stopped) == 1 else 'are'} inactive." if stopped else ""
    return f"{off} {why}".strip()
