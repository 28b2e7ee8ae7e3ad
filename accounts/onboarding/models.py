"""Onboarding links that were made for an account: by whom, when, and what has happened since. Never an address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.account.models import Account
from accounts.history.models import Requirement, Source
from accounts.persons.models import Person
from console.operations.models import Operation
from gateway import clock

VERB = "accounts.create_account_link"
FORM_TIME = timedelta(hours=1)  # how long a holder may sit at the form that a link opened


@dataclass(frozen=True)
class MadeLink:
    """One link. `state` is open, used or expired; Stripe sends none of them, so `used` is inferred from events."""

    by: str
    at: datetime
    type: str
    state: str
    until: datetime
    used_at: datetime | None = None


def new_link(by: str, link: dict[str, Any], link_type: str) -> MadeLink:
    """The link whose making is still being stored; `link` is Stripe's answer."""
    at, until = (clock.from_unix(link[name]) or clock.now() for name in ("created", "expires_at"))
    return MadeLink(by, at, link_type, "open", until)


def links_of(account_id: str, limit: int = 5) -> list[MadeLink]:
    """The last links, newest first; three queries at most."""
    operations = list(
        Operation.objects.filter(account_id=account_id, verb=VERB, state=Operation.State.SUCCEEDED)
        .select_related("user")
        .order_by("-created_at")[:limit]
    )
    # What was due and was given, the holder gave in Stripe's form: no verb of ours does.
    given = Requirement.objects.filter(
        account=account_id, list="currently_due", became=Requirement.Became.MET, source=Source.EVENT
    )
    given_at = sorted(set(given.values_list("at", flat=True).order_by("-at")[:200])) if operations else []
    return [_link(operation, given_at) for operation in operations if operation.result.get("expires_at")]


def _link(operation: Operation, given_at: list[datetime]) -> MadeLink:
    created, until = (clock.from_unix(operation.result[name]) or clock.now() for name in ("created", "expires_at"))
    used_at = next((at for at in given_at if created <= at <= until + FORM_TIME), None)
    state = "used" if used_at else ("open" if clock.now() < until else "expired")
    return MadeLink(operation.user.get_username(), created, operation.result.get("type", ""), state, until, used_at)


def holder(account: Account) -> str:
    """Who must open a link: the representative by name, else the account's own name. One query."""
    persons = Person.objects.filter(account=account.pk, gone_at=None)
    named = next((person.name for person in persons if "representative" in person.roles and person.name), "")
    return named or account.legal_name or str(account)
