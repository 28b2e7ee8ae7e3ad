"""What an account's two badges say, judged from Stripe's data alone: `controller`, capabilities, requirements.

Never from `type`. The words are Stripe's Dashboard's own
(docs.stripe.com/connect/dashboard/review-actionable-accounts);
which of them counts where several fit is our inference. Nothing here needs a clock: whether a deadline has passed is
decided where it is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.capabilities import words as capability_words
from accounts.capabilities.words import (
    ASK_HOLDER,
    ASKING,
    AT_STRIPE,
    CANNOT_ISSUE,
    ENABLED,
    IN_REVIEW,
    NOT_REQUESTED,
    NOTHING,
    READ_AGAIN,
    REJECTED,
    RESTRICTED,
    RESTRICTED_SOON,
    SILENT,
    Reason,
    Status,
    capability_status,
    of_account,
    verifies,
)
from accounts.requirements import models as requirement_rows
from accounts.requirements.models import CURRENTLY_DUE, FAULTY, PAST_DUE, Row
from console.shell.moves import HOLDER, STAFF, STRIPE
from gateway.shapes import hash_at, text_at

Data = dict[str, Any]

CUSTOM, EXPRESS, STANDARD, OTHER = "custom", "express", "standard", "other"
KINDS = {CUSTOM: "Custom", EXPRESS: "Express", STANDARD: "Standard", OTHER: "Other"}

# An account is restricted by these; a single payment method that is off does not restrict it.
PRIMARY = frozenset({"card_issuing", "card_payments", "transfers", "treasury", "legacy_payments"})
LOOKED_AT = frozenset({"under_review", "listed", "requirements.pending_verification"})

TABS = {
    "overview": "Overview",
    "requirements": "Requirements",
    "persons": "Persons",
    "capabilities": "Capabilities",
    "external_accounts": "External accounts",
    "terms": "Terms",
    "timeline": "Timeline",
    "json": "JSON",
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
        return Status(REJECTED, of_account(reason).why)
    if reason in LOOKED_AT and not requirements.get("past_due"):
        return Status(IN_REVIEW, of_account(reason).why)
    stopped = inactive(account)
    if stopped or reason:
        what = f"{' and '.join(stopped)} {'is' if len(stopped) == 1 else 'are'} inactive." if stopped else ""
        return Status(RESTRICTED, " ".join(filter(None, (what, of_account(reason).why if reason else ""))))
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
    """The Issuing badge. Without the capability's own object it is read from the account's `capabilities`."""
    setup = kind(account)
    if not setup.can_issue:
        return Status(CANNOT_ISSUE, setup.why)
    reason = text_at(account, "requirements.disabled_reason")
    if reason.startswith("rejected."):
        return Status(REJECTED, of_account(reason).why)
    short = text_at(account, "capabilities.card_issuing")
    if not short:
        return Status(NOT_REQUESTED, "The capability card_issuing is not requested.")
    return capability_status(capability or {"status": short})


NAME = "card_issuing"

WHOSE = {STAFF: "Staff’s move", HOLDER: "The account holder’s move", STRIPE: "Stripe’s move"}
NEW_ACCOUNT = "Make another account for this business: Stripe does not turn one kind into another."
NOT_ASKED_FOR = Reason(
    "it is not requested",
    "The capability card_issuing is not requested.",
    STAFF,
    "If this business shall have cards, request card_issuing in Stripe’s Dashboard.",
    AT_STRIPE,
)
NOT_READ = Reason(
    "its reason is not read yet",
    "Stripe says that card_issuing is inactive; its own object, which says why, has not arrived.",
    STAFF,
    "Read the account again.",
    READ_AGAIN,
)
NO_REASON = Reason(
    "Stripe gives no reason",
    "Stripe says that card_issuing is inactive, and no more.",
    STAFF,
    capability_words.NAMES_NONE,
    AT_STRIPE,
)
NOT_BEGUN = Reason(
    "onboarding has not begun",
    "Nobody has begun to onboard: all that Stripe wants is still to come.",
    HOLDER,
    "Send the holder the onboarding link.",
    ASK_HOLDER,
)


@dataclass(frozen=True)
class Off:
    """Why Issuing is off. `name` is the badge (accounts.capabilities.words.ISSUING), `reason` Stripe's word as it came.

    `title` follows "Issuing is off: "; `why` and `following`, the next step, are sentences; `button` is one of
    accounts.capabilities.words. `faults` are what Stripe found wrong, in words. `since` is None where nobody knows it;
    `at_latest` where it may have been earlier.
    """

    name: str
    reason: str
    title: str
    why: str
    move: str
    following: str
    button: str
    faults: tuple[str, ...] = ()
    asked: bool = False  # Stripe asks for something by name: the requirements tell the rest
    since: datetime | None = None
    at_latest: bool = False

    @property
    def whose(self) -> str:
        """Whose move it is, as a phrase."""
        return WHOSE[self.move]

    @property
    def sentence(self) -> str:
        """Why, whose move and the next step in one line."""
        return f"{self.why} {self.whose}: {self.following}"


def why_off(account: Data, capability: Data | None = None, rows: Sequence[Row] | None = None) -> Off | None:
    """Why Issuing is off; None where it is on. `capability` is card_issuing's own object, None before it has arrived.

    `rows` are the account's requirements as they may be read (accounts.requirements.models.rows); without them what
    Stripe found wrong is left out, because its texts may quote what is masked.
    """
    badge = issuing(account, capability)
    if badge.name in (ENABLED, RESTRICTED_SOON):
        return None
    found = rows if rows is not None else requirement_rows.rows(account, [capability] if capability else [])
    stopping = _stopping(found, capability)
    word, reason = _reason(badge.name, account, capability)
    settled = word not in ASKING or badge.name in (CANNOT_ISSUE, NOT_REQUESTED)
    asked = [] if settled else [row for row in stopping if row.state != FAULTY]
    if asked:
        reason = _reason_of_rows(asked, begun=requirement_rows.began(account))
    causes = dict.fromkeys(cause for row in stopping if row.codes for cause in row.causes) if rows else ()
    return Off(
        badge.name,
        word,
        reason.title,
        reason.why,
        reason.move,
        reason.following,
        reason.button,
        faults=tuple(causes),
        asked=bool(asked),
    )


def _stopping(rows: Sequence[Row], capability: Data | None) -> list[Row]:
    """What is asked for card_issuing now, or was found wrong for it, most urgent first.

    Where its object is missing, or names no such row: what no other capability asks for.
    """
    now = [row for row in rows if row.state in (PAST_DUE, CURRENTLY_DUE, FAULTY) and not row.ignorable]
    own = [row for row in now if NAME in row.capabilities]
    return own or [row for row in now if not capability or not row.capabilities]


def _reason(badge: str, account: Data, capability: Data | None) -> tuple[str, Reason]:
    """Stripe's disabled_reason and what it means, requirements aside: the capability's, else the account's."""
    if badge == CANNOT_ISSUE:
        return "", Reason("this account cannot issue", kind(account).why, STAFF, NEW_ACCOUNT, NOTHING)
    whole = text_at(account, "requirements.disabled_reason")
    if whole.startswith("rejected."):
        return whole, of_account(whole)
    if badge == NOT_REQUESTED:
        return "", NOT_ASKED_FOR
    status = text_at(capability, "status") or text_at(account, f"capabilities.{NAME}")
    own = hash_at(capability, "requirements")
    word = text_at(own, "disabled_reason")
    if word not in SILENT:
        looked_at = word == "pending.review" and whole in LOOKED_AT  # the account's word says at what
        return (whole, of_account(whole)) if looked_at else (word, capability_words.of_capability(word))
    if status not in ("inactive", "pending"):
        return status, capability_words.as_it_came(status)
    if whole not in SILENT:
        return whole, of_account(whole)
    if status == "pending" or verifies(own if capability else hash_at(account, "requirements"), word):
        return word, capability_words.REVIEW
    if word:
        return word, capability_words.of_capability(word)
    if whole:
        return whole, of_account(whole)
    return "", NO_REASON if capability else NOT_READ


def _reason_of_rows(asked: list[Row], *, begun: bool) -> Reason:
    """What Stripe asks by name, as a reason."""
    if not begun:
        return NOT_BEGUN
    first, number = asked[0], len(asked)
    title = "details are past due" if first.state == PAST_DUE else "details are due"
    more = f", and {number - 1} more" if number > 1 else ""
    if first.done_in_form:
        following, button = "The holder gives it in Stripe’s form: send the onboarding link.", ASK_HOLDER
    else:
        following, button = "Staff answer it in Stripe’s Dashboard.", AT_STRIPE
    return Reason(title, f"Stripe still asks for: {first.title}{more}.", first.move, following, button)


def mover(account: Data) -> str:
    """Whose move it is by the account's own data, where no requirement says it; "" for nobody's.

    It counts while the capability's own object is missing, or gives no reason (accounts.capabilities.words.mover).
    """
    off = why_off(account)
    settled = off is None or off.asked or off.reason.startswith("rejected.")
    return "" if off is None or settled or off.name in (CANNOT_ISSUE, NOT_REQUESTED) else off.move
