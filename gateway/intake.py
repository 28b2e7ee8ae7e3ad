"""Taking in events: is it Stripe's, is it whole, which object is it about. Total: any body is an Event or Rejected."""

import json
import math
import time
from collections.abc import Sequence
from typing import Any

import stripe
from django.conf import settings
from django.db.models.constants import OnConflict
from django.utils import timezone

from gateway import mirror, nouns, order, texts
from gateway.models import Event

OLDEST = 300  # seconds of wall time that a signature may lie in the past, as Stripe's own libraries have it
AHEAD = 60  # and in the future
TOO_DEEP = "The body is nested too deeply."
LONGEST = 255  # characters of an id
LATEST = 2**53
FIELDS = Event._meta.concrete_fields
AUTHORIZED, DEAUTHORIZED = "account.application.authorized", "account.application.deauthorized"
REDACTED = "redacted"  # stands in `data` of a payload whose personal details were dropped
OTHER_MODE = "Of another mode than this console's."
OF_NO_ACCOUNT = "Of no connected account: the platform's own objects are not followed."


class Rejected(Exception):  # noqa: N818  (an answer, not a fault of ours)
    """Not an event of Stripe's. The message is safe to answer with."""


def verified(body: bytes, header: str, secrets: Sequence[str]) -> dict[str, Any]:
    """The event in a signed body. Any of the secrets may have signed it. Raises Rejected.

    https://docs.stripe.com/webhooks#verify-official-libraries
    """
    if not any(_signed(body, header, secret) for secret in secrets):
        raise Rejected("The signature does not match.")
    return parsed(body)


def _signed(body: bytes, header: str, secret: str) -> bool:
    """Stripe's own verifier, made total: it raises on bytes, numbers and letters that it does not expect."""
    signature = stripe.WebhookSignature
    try:
        signature.verify_header(body, header, secret, tolerance=OLDEST)
        timestamp, _ = signature._get_timestamp_and_signatures(header, signature.EXPECTED_SCHEME)
    except (stripe.SignatureVerificationError, ValueError, TypeError, OverflowError):
        return False
    return int(timestamp) <= time.time() + AHEAD


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object in the body: with distinct keys, finite numbers, and texts that a database can store."""
    try:
        text = body.decode()
        payload = json.loads(text, object_pairs_hook=_distinct, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Rejected("The body is not JSON.") from None
    if not isinstance(payload, dict):
        raise Rejected("The body is not an event.")
    if "\\u" not in text:  # without an escape UTF-8 holds nothing that could not be stored
        _check_depth(payload)
        return payload
    return storable(payload)


def _check_depth(value: dict[str, Any]) -> None:
    """Raises Rejected if it is too deep."""
    level: list[Any] = [value]
    for _ in range(texts.DEEPEST):
        parts = [part for each in level for part in (each.values() if isinstance(each, dict) else each)]
        level = [part for part in parts if isinstance(part, mirror.NESTED)]
        if not level:
            return
    raise Rejected(TOO_DEEP)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with distinct keys. Raises ValueError."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _finite(text: str) -> float:
    """A number that is neither infinite nor NaN. Raises ValueError."""
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def storable(value: dict[str, Any]) -> dict[str, Any]:
    """The object as every database stores it; Rejected if too deep."""
    try:
        found: dict[str, Any] = texts.storable(value)
    except texts.TooDeep:
        raise Rejected(TOO_DEEP) from None
    return found


def event_of(payload: dict[str, Any], *, source: str, account: str = "") -> Event:
    """An unsaved Event of Stripe's payload; `account` is whose list it came from. Raises Rejected."""
    if payload.get("object") != "event":  # such as a thin v2.core.event notification
        raise Rejected("The body is not a snapshot event.")
    created = payload.get("created")
    if type(created) is not int or not 0 <= created < LATEST:
        raise Rejected("The event's created is not a moment.")
    request = payload.get("request")
    request = request if isinstance(request, dict) else {"id": request}
    event = Event(
        id=_text(payload, "id", needed=True),
        account=_text(payload, "account") or account,
        type=_text(payload, "type", needed=True),
        created=created,
        api_version=_text(payload, "api_version")[:64],
        livemode=payload.get("livemode") is True,
        request_id=_text(request, "id"),
        idempotency_key=_text(request, "idempotency_key"),
        payload=payload,
        source=source,
        received_at=timezone.now(),
    )
    event.object_key = object_key(event)
    event.state, event.error = first_state(event)
    return event


def _text(values: dict[str, Any], name: str, *, needed: bool = False) -> str:
    value = values.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value or len(value) > LONGEST:
        raise Rejected(f"The event's {name} is not a text of at most {LONGEST} characters.")
    return value


def first_state(event: Event) -> tuple[str, str]:
    """Where a new event begins, and why when it does not wait for the worker."""
    if event.livemode != (settings.CONSOLE_MODE == "live"):
        return Event.State.QUARANTINED, OTHER_MODE
    if event.object_key or event.idempotency_key or is_noted(event):  # a key of ours may settle an operation
        return Event.State.WAITING, ""
    return Event.State.IGNORED, why_ignored(event)


def is_noted(event: Event) -> bool:
    """Whether a noun asks Stripe for it though no mirror has its object: it tells of an account, as payouts do."""
    return bool(event.account) and not _has_mirror(event) and event.type in nouns.event_types()


def why_ignored(event: Event) -> str:
    """Why nothing follows the event, "" where its type says so already."""
    return OF_NO_ACCOUNT if _has_mirror(event) and not event.account else ""


def _has_mirror(event: Event) -> bool:
    kind = object_of(event).get("object")
    return isinstance(kind, str) and kind in mirror.REGISTRY


def object_of(event: Event) -> dict[str, Any]:
    """The object that the event shows; {} where it shows none."""
    data = event.payload.get("data")
    found = data.get("object") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def object_key(event: Event) -> str:
    """`kind:row id` of the mirror row it is about, "" where nothing follows it.

    What belongs to no connected account is not followed: the platform itself and its own objects. The object in
    (de)authorized events is the application.
    """
    data = object_of(event)
    kind = data.get("object")
    if not event.account:
        return ""
    if event.type in (AUTHORIZED, DEAUTHORIZED):
        return f"account:{event.account}"
    if not isinstance(kind, str) or kind not in mirror.REGISTRY:
        return ""
    try:
        row_id = mirror.REGISTRY[kind].row_id(data, event.account)
    except (KeyError, TypeError):
        return ""
    return f"{kind}:{row_id}" if len(row_id) <= LONGEST else ""


def snapshot_of(event: Event) -> order.Snapshot:
    """What the event says about its row."""
    if event.type == DEAUTHORIZED:
        return order.Snapshot({}, event.created, whole=False, deletes=True)
    if event.type == AUTHORIZED:
        return order.Snapshot({}, event.created, whole=False, returns=True)
    data = object_of(event)
    complete = not event.payload["data"].get(REDACTED) and not _has_cut_list(data)
    return order.Snapshot(
        data=mirror.REGISTRY[event.object_key.partition(":")[0]].normalise(data),
        created=event.created,
        whole=complete and event.api_version == settings.STRIPE_API_VERSION,
        deletes=event.type.endswith(".deleted"),
    )


def _has_cut_list(value: dict[str, Any] | list[Any]) -> bool:
    """Whether an embedded list was cut short."""
    if isinstance(value, dict) and value.get("has_more") and value.get("object") == "list":
        return True
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, mirror.NESTED) and _has_cut_list(part):
            return True
    return False


def keep(events: Sequence[Event]) -> None:
    """Store the events that are not stored yet. One statement."""
    if len(events) == 1:
        # What bulk_create does, without a transaction round the one statement: two round trips fewer.
        Event.objects._insert(events, FIELDS, using=Event.objects.db, on_conflict=OnConflict.IGNORE)  # type: ignore[attr-defined]
    else:
        Event.objects.bulk_create(events, ignore_conflicts=True)
