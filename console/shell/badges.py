"""States as badges: each its own shape, its word, its tone. Pure. What Stripe adds tomorrow is shown as it came."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Badge:
    """`icon` names a symbol of icons.svg; `tone` is ok, warn, bad, info or mute."""

    icon: str
    word: str
    tone: str


NOTHING = Badge("ring", "–", "mute")


def _ok(word: str) -> Badge:
    return Badge("check", word, "ok")


def _soon(word: str) -> Badge:
    return Badge("clock", word, "warn")


def _bad(word: str) -> Badge:
    return Badge("triangle", word, "bad")


def _no(word: str) -> Badge:
    return Badge("crossed", word, "bad")


def _waits(word: str) -> Badge:
    return Badge("hourglass", word, "info")


def _off(word: str) -> Badge:
    return Badge("dash", word, "mute")


def _absent(word: str, tone: str = "mute") -> Badge:
    return Badge("ring", word, tone)


# The words of Stripe's Dashboard (docs.stripe.com/connect/dashboard/viewing-all-accounts).
_ACCOUNT = {
    "enabled": _ok("Enabled"),
    "complete": _ok("Enabled"),
    "restricted_soon": _soon("Restricted soon"),
    "restricted": _bad("Restricted"),
    "in_review": _waits("In review"),
    "pending": _waits("Pending"),
    "rejected": _no("Rejected"),
    "not_requested": _absent("Not requested"),
    "cannot_issue": _off("Cannot issue"),
    "gone": _off("No longer connected"),
}

BADGES: dict[str, dict[str, Badge]] = {
    "account": _ACCOUNT,
    "issuing": _ACCOUNT,
    "capability": {
        "active": _ok("Active"),
        "inactive": _off("Inactive"),
        "pending": _waits("Pending"),
        "unrequested": _absent("Not requested"),
        "disabled": _no("Disabled"),
    },
    "verification": {
        "verified": _ok("Verified"),
        "unverified": _bad("Unverified"),
        "pending": _waits("Pending"),
    },
    "requirement": {
        "past_due": _bad("Past due"),
        "currently_due": _soon("Currently due"),
        "eventually_due": _off("Eventually due"),
        "pending_verification": _waits("Pending verification"),
        "alternative": _off("Alternative"),
        "met": _ok("Met"),
    },
    "person": {
        "removed": _off("Removed"),
    },
    "external_account": {
        "new": _off("New"),
        "validated": _ok("Validated"),
        "verified": _ok("Verified"),
        "verification_failed": _no("Verification failed"),
        "tokenized_account_number_deactivated": _off("Deactivated"),
        "errored": _no("Errored"),
    },
    "operation": {
        "intent": _waits("Not sent yet"),
        "sending": _waits("Being sent"),
        "succeeded": _ok("Succeeded"),
        "refused": _no("Refused"),
        "unknown": _absent("Unknown", "warn"),
        "not_found": _bad("Not found at Stripe"),
        "dropped": _off("Dropped"),
    },
    "event": {
        "waiting": _waits("Waiting"),
        "done": _ok("Applied"),
        "ignored": _off("Ignored"),
        "quarantined": _absent("Quarantined", "warn"),
        "dead": _no("Dead"),
    },
    "session": {
        "look": Badge("lock", "Look", "info"),
        "work": Badge("pen", "Work", "warn"),
    },
    "link": {
        "open": Badge("clock", "Open", "info"),
        "used": _ok("Used"),
        "expired": _off("Ran out unused"),
    },
    "staff": {
        "active": _ok("Active"),
        "disabled": _off("Disabled"),
    },
    "card": {
        "active": _ok("Active"),
        "inactive": _off("Inactive"),
        "canceled": Badge("crossed", "Canceled", "mute"),
        "expired": _off("Expired"),
    },
    "cardholder": {
        "active": _ok("Active"),
        "inactive": _off("Inactive"),
        "blocked": _no("Blocked"),
    },
    "cardholder_disabled": {
        "listed": _waits("In review"),
        "rejected.listed": _no("Rejected"),
        "requirements.past_due": _bad("Past due"),
        "under_review": _waits("In review"),
    },
    "check": {
        "match": _ok("Match"),
        "mismatch": _no("Mismatch"),
        "not_provided": _absent("Not provided"),
    },
    "topup": {
        "canceled": _off("Canceled"),
        "failed": _no("Failed"),
        "pending": _waits("Pending"),
        "reversed": Badge("refresh", "Reversed", "mute"),
        "succeeded": _ok("Succeeded"),
    },
    "transaction": {
        "capture": Badge("card", "Capture", "mute"),
        "refund": Badge("refresh", "Refund", "mute"),
    },
    "authorization": {
        "approved": _ok("Approved"),
        "declined": _no("Declined"),
        "pending": _waits("Pending"),
        "closed": _ok("Closed"),
        "reversed": Badge("refresh", "Reversed", "mute"),
        "expired": _off("Expired"),
    },
    "dispute": {
        "unsubmitted": Badge("pen", "Draft", "mute"),
        "submitted": _waits("Submitted"),
        "won": _ok("Won"),
        "lost": Badge("crossed", "Lost", "mute"),
        "expired": _off("Expired"),
    },
}


def badge(value: Any, kind: str) -> Badge:
    """The badge of a state; one that the kind does not know stays as it came, muted; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    known = BADGES.get(kind, {}).get(str(value).strip().lower().replace(" ", "_"))
    return known or _absent(str(value))
