"""Whether an authorization is approved, and why not. Pure functions.

The order: capability, card, cardholder, verification, spending controls, silent default limits, balance. Stripe
documents that balance, card and controls are looked at before its customer is asked; their own order is our rule.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Data = dict[str, Any]
DAY = 86_400
# Stripe applies these where a card has no limits of its own, and always; neither shows in the object.
DEFAULT_DAILY, MOST_PER_AUTHORIZATION = 500_00, 10_000_00  # minor units, of whatever currency


@dataclass(frozen=True)
class Spend:
    """What approved authorizations of a card, day and category hold or have captured, in minor units.

    `created` is a unix second of that day; windows of limits begin at midnight.
    """

    card: str
    amount: int
    created: int
    category: str


@dataclass(frozen=True)
class Attempt:
    """All that a decision depends on. `amount` is in minor units, `now` unix seconds."""

    amount: int
    now: int
    card: Data  # with its cardholder embedded
    category: str
    country: str
    presence: str  # present | not_present
    available: int
    issuing: str | None  # status of card_issuing
    checks: Data  # verification_data
    so_far: int = 0  # what the same authorization has been granted before: an increment adds to it
    spent: tuple[Spend, ...] = ()  # of all cards of the cardholder

    @property
    def own(self) -> tuple[Spend, ...]:
        """What was spent with this card and with the cards that it replaces: a replacement does not reset limits."""
        first = self.card.get("_first", self.card["id"])
        return tuple(spend for spend in self.spent if spend.card == first)


def decide(attempt: Attempt) -> tuple[bool, str]:
    """(approved, reason), the reason in Stripe's words."""
    for rule in (_account, _card, _cardholder, _verification, _controls, _defaults, _funds):
        reason = rule(attempt)
        if reason:
            return False, reason
    return True, "card_active"


def _account(attempt: Attempt) -> str:
    return "" if attempt.issuing == "active" else "account_disabled"


def _card(attempt: Attempt) -> str:
    card, today = attempt.card, datetime.fromtimestamp(attempt.now, UTC)
    if card["status"] == "canceled":
        return "card_canceled"
    if (card["exp_year"], card["exp_month"]) < (today.year, today.month):
        return "card_expired"
    return "" if card["status"] == "active" else "card_inactive"


def _cardholder(attempt: Attempt) -> str:
    cardholder = attempt.card["cardholder"]
    if cardholder["status"] == "blocked":
        return "cardholder_blocked"
    if cardholder["status"] == "inactive":
        return "cardholder_inactive"
    return "cardholder_verification_required" if cardholder["requirements"]["disabled_reason"] else ""


def _verification(attempt: Attempt) -> str:
    wrong = any(attempt.checks.get(name) == "mismatch" for name in ("cvc_check", "expiry_check"))
    failed = (attempt.checks.get("three_d_secure") or {}).get("result") == "failed"
    return "verification_failed" if wrong or failed else ""


def _controls(attempt: Attempt) -> str:
    card = attempt.card
    refused = _refuses(card["spending_controls"], attempt, attempt.own)
    refused = refused or _refuses(card["cardholder"]["spending_controls"], attempt, attempt.spent)
    return "spending_controls" if refused else ""


def _refuses(controls: Data, attempt: Attempt, spent: tuple[Spend, ...]) -> bool:
    lists = (
        ("categories", attempt.category),
        ("merchant_countries", attempt.country),
        ("card_presences", attempt.presence),
    )
    for name, value in lists:
        allowed, blocked = controls[f"allowed_{name}"], controls[f"blocked_{name}"]
        if (allowed and value not in allowed) or (blocked and value in blocked):
            return True
    return any(over(limit, attempt, spent) for limit in controls["spending_limits"])


def over(limit: Data, attempt: Attempt, spent: tuple[Spend, ...]) -> bool:
    """Whether the attempt would go over one spending limit. A limit with categories looks at those alone."""
    categories = limit["categories"]
    if categories and attempt.category not in categories:
        return False
    if limit["interval"] == "per_authorization":
        return bool(attempt.so_far + attempt.amount > limit["amount"])
    start = window_start(limit["interval"], attempt.now)
    before = sum(
        spend.amount for spend in spent if spend.created >= start and (not categories or spend.category in categories)
    )
    return bool(before + attempt.amount > limit["amount"])


def looks_back_to(card: Data, now: int) -> int:
    """Unix second from which on a decision about the card, with its cardholder embedded, must know what was spent."""
    limits = [limit for each in (card, card["cardholder"]) for limit in each["spending_controls"]["spending_limits"]]
    intervals = {"daily", *(limit["interval"] for limit in limits)} - {"per_authorization"}
    return min(window_start(interval, now) for interval in intervals)


def window_start(interval: str, now: int) -> int:
    """Unix second at which the interval that `now` lies in began: midnight UTC, weeks on Sunday."""
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "daily": midnight,
        "weekly": midnight - timedelta(days=(midnight.weekday() + 1) % 7),
        "monthly": midnight.replace(day=1),
        "yearly": midnight.replace(month=1, day=1),
        "all_time": datetime.fromtimestamp(0, UTC),
    }
    return int(starts[interval].timestamp())


def _defaults(attempt: Attempt) -> str:
    if attempt.so_far + attempt.amount > MOST_PER_AUTHORIZATION:
        return "spending_controls"
    if attempt.card["spending_controls"]["spending_limits"]:
        return ""
    daily = {"amount": DEFAULT_DAILY, "interval": "daily", "categories": None}
    return "spending_controls" if over(daily, attempt, attempt.own) else ""


def _funds(attempt: Attempt) -> str:
    return "insufficient_funds" if attempt.amount > max(attempt.available, 0) else ""
