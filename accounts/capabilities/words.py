"""What a capability's badge says, and why Stripe has turned it off, judged from Stripe's data alone."""

from dataclasses import dataclass
from typing import Any

from console.shell.moves import HOLDER, STAFF, STRIPE
from gateway.shapes import hash_at, text_at, texts_at

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

# Why Stripe has turned a capability or an account off: two tables, for Stripe has two vocabularies
# (docs.stripe.com/api/capabilities, docs.stripe.com/api/accounts). A reason that they lack is told by its beginning.
# What a button does about it:
ASK_HOLDER, AT_STRIPE, READ_AGAIN, NOTHING = "ask_holder", "at_stripe", "read_again", ""


@dataclass(frozen=True)
class Reason:
    """`title` follows "Issuing is off: "; `why` and `following` (the next step) are sentences."""

    title: str
    why: str
    move: str
    following: str
    button: str = NOTHING


WAIT = "Wait for Stripe: this page turns by itself when it has decided. It usually takes a day or two."
APPEAL = "Only Stripe can take this back. If it is a mistake, write to Stripe’s support."
NAMES_NONE = "Stripe’s Dashboard may tell more; else ask Stripe’s support."


def _by_stripe(why: str) -> Reason:
    return Reason("rejected by Stripe", why, STRIPE, APPEAL, AT_STRIPE)


def _by_platform(why: str) -> Reason:
    following = "It stays off unless staff take the rejection back in Stripe’s Dashboard."
    return Reason("rejected by the platform", why, STAFF, following, AT_STRIPE)


REVIEW = Reason("Stripe is reviewing it", "Stripe is verifying what was given.", STRIPE, WAIT)
OTHER = Reason("Stripe names no cause", "Stripe turned it off for a reason that it does not name.", STAFF, NAMES_NONE,
               AT_STRIPE)  # fmt: skip
PAUSED = Reason(
    "paused by the platform",
    "The platform has paused it.",
    STAFF,
    "Staff lift the pause in Stripe’s Dashboard.",
    AT_STRIPE,
)
REJECTED_OTHER = _by_stripe("Rejected by Stripe.")

OF_CAPABILITIES = {
    "other": OTHER,
    "paused.inactivity": Reason(
        "paused, because it was not used",
        "Paused: the account was not used for a long time.",
        STAFF,
        "If the holder wants to issue again, ask for it at Stripe; the holder may have to accept the terms anew.",
        AT_STRIPE,
    ),
    "pending.onboarding": Reason(
        "onboarding is not finished",
        "Onboarding has not been finished.",
        HOLDER,
        "The holder finishes Stripe’s form: send the onboarding link.",
        ASK_HOLDER,
    ),
    "pending.review": REVIEW,
    "platform_disabled": Reason(
        "turned off by the platform",
        "The platform has turned it off.",
        STAFF,
        "Staff turn it on again in Stripe’s Dashboard.",
        AT_STRIPE,
    ),
    "platform_paused": PAUSED,
    "rejected.inactivity": Reason(
        "closed, because no card was used",
        "Rejected by Stripe, because no card was used for 13 months.",
        HOLDER,
        "To issue again the holder accepts the Issuing terms anew: send the onboarding link.",
        ASK_HOLDER,
    ),
    "rejected.other": REJECTED_OTHER,
    "rejected.unsupported_business": _by_stripe("Rejected by Stripe, because it does not support this business."),
    "requirements.fields_needed": Reason(
        "details are missing",
        "Required details are missing.",
        STAFF,
        "Stripe names none of them here: read the account again.",
        READ_AGAIN,
    ),
}
OF_ACCOUNTS = {
    "action_required.requested_capabilities": Reason(
        "no capability is requested",
        "No capability is requested.",
        STAFF,
        "Staff request card_issuing in Stripe’s Dashboard.",
        AT_STRIPE,
    ),
    "listed": Reason(
        "Stripe compares it with sanctions lists", "Stripe compares the account with sanctions lists.", STRIPE, WAIT
    ),
    "other": OTHER,
    "platform_paused": PAUSED,
    "rejected.fraud": _by_stripe("Rejected by Stripe, for suspected fraud."),
    "rejected.incomplete_verification": _by_stripe("Rejected by Stripe, because verification was not completed."),
    "rejected.listed": _by_stripe("Rejected by Stripe, because of a sanctions list."),
    "rejected.other": REJECTED_OTHER,
    "rejected.platform_fraud": _by_platform("Rejected by the platform, for fraud."),
    "rejected.platform_other": _by_platform("Rejected by the platform."),
    "rejected.platform_terms_of_service": _by_platform("Rejected by the platform, for breaking its terms."),
    "rejected.terms_of_service": _by_stripe("Rejected by Stripe, for breaking its terms."),
    "requirements.past_due": Reason(
        "details are past due",
        "Required details are past due.",
        STAFF,
        "Stripe names none of them here: read the account again.",
        READ_AGAIN,
    ),
    "requirements.pending_verification": REVIEW,
    "under_review": Reason("Stripe is reviewing the account", "Stripe reviews the account.", STRIPE, WAIT),
}
# Of what Stripe adds tomorrow: whose move it is, told by the beginning, and what then.
BEGINNINGS = (
    ("rejected.platform", STAFF, "It stays off unless staff take the rejection back in Stripe’s Dashboard.", AT_STRIPE),
    ("rejected.", STRIPE, APPEAL, AT_STRIPE),
    ("pending.", STRIPE, WAIT, NOTHING),
    ("requirements.pending", STRIPE, WAIT, NOTHING),
    ("", STAFF, f"This console does not know that word. {NAMES_NONE}", AT_STRIPE),
)
# They say that something is asked, or nothing at all: what Stripe asks by name tells more.
ASKING = frozenset({"", "other", "pending.onboarding", "requirements.fields_needed", "requirements.past_due"})
# They say nothing that the account's own reason, where there is one, does not say better.
SILENT = frozenset({"", "other", "requirements.fields_needed", "requirements.past_due"})


def of_capability(disabled_reason: str) -> Reason:
    """A capability's `requirements.disabled_reason`."""
    return OF_CAPABILITIES.get(disabled_reason) or as_it_came(disabled_reason)


def of_account(disabled_reason: str) -> Reason:
    """An account's `requirements.disabled_reason`."""
    return OF_ACCOUNTS.get(disabled_reason) or as_it_came(disabled_reason)


def as_it_came(word: str) -> Reason:
    """A reason of Stripe's that this console does not know: judged by its beginning."""
    _, move, following, button = next(each for each in BEGINNINGS if word.startswith(each[0]))
    return Reason(f"Stripe says {word}", f"Stripe says {word}.", move, following, button)


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
    if state == "pending" or (state == "inactive" and (reason == "pending.review" or verifies(requirements, reason))):
        return Status(IN_REVIEW, "Stripe is verifying what was given.")
    if state == "unrequested":
        return Status(NOT_REQUESTED, "It is not requested.")
    if state != "inactive":
        return Status(state, "Stripe's own word; this console does not know it.")
    if not reason:
        return Status(RESTRICTED, "It is inactive.")
    return Status(REJECTED if reason.startswith("rejected.") else RESTRICTED, of_capability(reason).why)


def verifies(requirements: Data, reason: str) -> bool:
    """Whether it is off only because Stripe is verifying: nothing is due, and no other reason is given."""
    pending, asked = (texts_at(requirements, name) for name in ("pending_verification", "currently_due"))
    return reason in SILENT and bool(pending) and not asked and not texts_at(requirements, "past_due")


ACCOUNT = "account"  # of `mover`: its own reason is silent, the account's counts


def mover(capability: Data) -> str:
    """Who has to act on its being off, where no requirement says it: holder, staff, stripe, ACCOUNT.

    "" for one that works or is not requested, that Stripe asks something for by name, or that is rejected.
    """
    requirements = hash_at(capability, "requirements")
    reason = text_at(requirements, "disabled_reason")
    if text_at(capability, "status") == "pending":
        return STRIPE
    if text_at(capability, "status") != "inactive" or reason.startswith("rejected."):
        return ""
    if reason in ASKING and any(texts_at(requirements, name) for name in ("past_due", "currently_due")):
        return ""
    if verifies(requirements, reason):
        return STRIPE
    return ACCOUNT if reason in SILENT else of_capability(reason).move
