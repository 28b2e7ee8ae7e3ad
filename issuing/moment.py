"""What the mirror knows of the moment of one authorization's last request: the scene that issuing.decline explains."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Sum

from accounts.history import StateChange
from accounts.models import Capability
from gateway import clock
from gateway.mirror import Mirror
from gateway.shapes import hash_at, hashes_at, integer_at, text_at, value_at
from issuing.base import Data
from issuing.decline import Scene, Use, window_start
from issuing.models import Authorization, BalanceTransaction, Card, Cardholder, Transaction
from issuing.purchases import last_request

STATUS, REASON = "status", "requirements.disabled_reason"
MOST_USES = 5_000  # earlier purchases are counted no further back than this


def scene(authorization: Authorization) -> Scene:
    """The scene of its last request, with the card and the cardholder as they were then. Eight queries."""
    data: Data = authorization.data or {}
    request = last_request(data)
    asked_at = value_at(request, "requested_at") or value_at(request, "created")
    at = clock.from_unix(asked_at) or authorization.created or clock.now()
    card: Card | None = related(authorization, "card")
    cardholder: Cardholder | None = related(authorization, "cardholder")
    card_data: Data = (card.data if card else None) or {}
    holder_data: Data = (cardholder.data if cardholder else None) or {}
    was = _states(authorization, at)
    capability = Capability.objects.filter(pk=f"{authorization.account_id}.card_issuing").first()
    return Scene(
        request=request,
        at=at,
        currency=authorization.currency,
        category=authorization.category,
        country=text_at(data, "merchant_data.country"),
        presence=text_at(data, "card_presence"),
        method=text_at(data, "authorization_method"),
        checks=hash_at(data, "verification_data"),
        capability=was("card_issuing", STATUS, capability.status if capability else None),
        card_id=authorization.card_id or "",
        last4=card.last4 if card else "",
        card_status=was(authorization.card_id, STATUS, card.status if card else None),
        expires=_expiry(card_data),
        cardholder_status=was(authorization.cardholder_id, STATUS, cardholder.status if cardholder else None),
        cardholder_reason=was(authorization.cardholder_id, REASON, cardholder.disabled_reason if cardholder else ""),
        card_controls=hash_at(card_data, "spending_controls"),
        cardholder_controls=hash_at(holder_data, "spending_controls"),
        uses=tuple(_uses(authorization, at, _intervals(card_data, holder_data))),
        available=available(authorization, at),
    )


def related(row: Mirror, name: str) -> Any:
    """A row that another one names; None where it has not arrived yet."""
    try:
        found = getattr(row, name)
    except ObjectDoesNotExist:
        return None
    return found if found is not None and found.data is not None else None


def _expiry(card: Data) -> tuple[int, int] | None:
    year, month = integer_at(card, "exp_year"), integer_at(card, "exp_month")
    return (year, month) if year is not None and month is not None else None


def _states(authorization: Authorization, at: datetime) -> Any:
    """`was(subject, field, now)`: a value as it was then, told by the first change after that moment. One query."""
    subjects = [each for each in ("card_issuing", authorization.card_id, authorization.cardholder_id) if each]
    later = StateChange.objects.filter(
        account=authorization.account_id, at__gt=at, subject__in=subjects, field__in=(STATUS, REASON)
    ).order_by("at", "id")
    first: dict[tuple[str, str], Any] = {}
    for change in later:
        first.setdefault((change.subject, change.field), change.before)

    def was(subject: str | None, field: str, now: Any) -> Any:
        value = first.get((subject or "", field), now)
        return (value or "") if field == REASON else value

    return was


def _intervals(*owners: Data) -> set[str]:
    """Of all limits that look back; a day at least, for Stripe's default."""
    every = [each for data in owners for each in hashes_at(data, "spending_controls.spending_limits")]
    return {"daily", *(text_at(each, "interval") for each in every)} - {"per_authorization"}


def _uses(authorization: Authorization, at: datetime, intervals: Iterable[str]) -> Iterable[Use]:
    """Earlier approved purchases with all cards of the cardholder: holds, and what was captured. Two queries.

    Earlier requests of this very authorization count as well: an increment asks for more.
    """
    starts = [window_start(interval, at) for interval in intervals]
    since = None if None in starts else min(start for start in starts if start)
    rows = Authorization.objects.approved_before(authorization, at, since)
    found = list(rows.values_list("pk", "card_id", "created", "category", "status", "amount")[:MOST_USES])
    captured = Transaction.objects.captured([row[0] for row in found])
    for row_id, card_id, created, category, status, held in found:
        taken = captured.get(row_id, 0)
        yield Use(card_id or "", max(held, taken) if status == "pending" else taken, created, category)
    for each in hashes_at(authorization.data, "request_history")[:-1]:
        amount = integer_at(each, "amount")
        if each.get("approved") and amount is not None:
            moment = clock.from_unix(each.get("created")) or at
            yield Use(authorization.card_id or "", amount, moment, authorization.category)


def available(authorization: Authorization, at: datetime) -> int | None:
    """The Issuing balance just before, in minor units; None while movements are not imported. At most two queries.

    Movements of the very same second may have come before or after: they count where that alone explains a decline.
    """
    before = _balance(authorization, at, within=False)
    if authorization.reason != "insufficient_funds" or (before is not None and before < authorization.requested):
        return before
    within = _balance(authorization, at, within=True)
    return within if within is not None and within < authorization.requested else before


def _balance(authorization: Authorization, at: datetime, *, within: bool) -> int | None:
    rows = BalanceTransaction.objects.of_issuing(authorization.account_id or "").in_currency(authorization.currency)
    found: int | None = rows.before(at, authorization.pk, within=within).aggregate(sum=Sum("net"))["sum"]
    return found
