"""What a capability's badge says, judged from Stripe's data alone."""

from dataclasses import dataclass
from typing import Any

from gateway.shapes import hash_at, text_at

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
REJECTIONS = {
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
STOPS = {
    "paused.inactivity": "Paused: the account was not used for a long time.",
    "pending.onboarding": "Onboarding has not been finished.",
    "platform_disabled": "The platform has turned it off.",
    "platform_paused": "The platform has paused it.",
    "requirements.fields_needed": "Required details are missing.",
    "requirements.past_due": "Required details are past due.",
    "action_required.requested_capabilities": "No capability is requested.",
}


@dataclass(frozen=True)
class Status:
    """A badge: Stripe's state as one word of ISSUING (or as it came, when Stripe knows one that we do not), and why."""

    name: str
    why: str = ""

    @property
    def word(self) -> str:
        """As badges show it."""
        return ISSUING.get(self.name, self.name)


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
    return Status(RESTRICTED, STOPS.get(reason) or (f"Stripe says {reason}." if reason else "It is inactive."))


def rejection(reason: str) -> str:
    """Who rejected it and why, from a `disabled_reason`; an unknown one is shown as it came."""
    return f"Rejected {REJECTIONS[reason]}." if reason in REJECTIONS else f"Stripe says {reason}."
