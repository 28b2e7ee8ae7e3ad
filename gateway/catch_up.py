"""Events that no webhook brought: listed at Stripe, for the platform and for each connected account, and stored.

Stripe keeps events for 30 days (https://docs.stripe.com/api/events). What is known already is stored no second time, so
a run may be repeated, and one that was interrupted goes on where it stopped.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from gateway import client, clock, intake, mirror, queue
from gateway.errors import Refused, Unreachable, means_gone
from gateway.models import Event, Heartbeat, SyncCursor

logger = logging.getLogger(__name__)
KEPT = 30 * 24 * 3600  # seconds for which Stripe lists events
OVERLAP = 3600  # seconds listed again: Stripe may list an event a little after it happened
SLICE = 30.0  # seconds of one task; the next goes on
RETRY = 600.0  # seconds after which a run that did not finish is started again
FINISHED = "catch_up.finished"
LISTED, WALK = "events", "events.walk"  # cursors: listed up to `started_at`; a walk under way


def run_if_due() -> int:
    """The scheduled task; how many events were new."""
    return run() if due() else 0


def due() -> bool:
    """True for one caller, an hour after the last run if no webhook came for an hour, and a day after it anyway."""
    last = Heartbeat.objects.filter(name=FINISHED).values_list("at", flat=True).first()
    if last is not None:
        age = (timezone.now() - last).total_seconds()
        if age < settings.CATCH_UP_INTERVAL or (age < 24 * settings.CATCH_UP_INTERVAL and not _silent()):
            return False
    return queue.take_turn("catch_up.begun", min(RETRY, settings.CATCH_UP_INTERVAL))


def _silent() -> bool:
    """Whether no event has come by webhook within CATCH_UP_INTERVAL."""
    latest = Event.objects.order_by("-created")[:100]
    heard = Event.objects.filter(pk__in=latest.values("pk"), source="webhook").aggregate(at=Max("received_at"))["at"]
    return heard is None or (timezone.now() - heard).total_seconds() >= settings.CATCH_UP_INTERVAL


def run(since: int | None = None, begun: float | None = None) -> int:
    """List and store what is missing since the last run, or since the second `since`; return how many were new.

    One call for each account and each hundred events. After SLICE seconds it hands on to a task of its own; `begun`
    (wall time) then says which accounts this run has listed. Raises Refused; where Stripe cannot be reached it ends,
    and `run_if_due` starts it again.
    """
    begun, end, found = begun or time.time(), time.monotonic() + SLICE, 0
    at = timezone.now() - timedelta(seconds=time.time() - begun)
    listed = set(SyncCursor.objects.filter(noun=LISTED, finished_at__gte=at).values_list("account", flat=True))
    ours = mirror.account_model().objects.filter(gone_at=None).order_by("pk").values_list("pk", flat=True)
    left = [account for account in ("", *ours) if account not in listed]  # "" is the platform
    try:
        for account in left:
            if time.monotonic() >= end:
                queue.enqueue("gateway.catch_up.run", since, begun)
                return found
            found += _list(account, since)
    except Unreachable as error:
        logger.warning("catch-up was cut short: %s", error)
        return found
    finally:
        if found:
            queue.wake()
    Heartbeat.objects.update_or_create(name=FINISHED, defaults={"at": timezone.now()})
    return found


def _list(account: str, since: int | None) -> int:
    """Walk one list of events, newest first, from where the last walk stopped; how many events were new.

    `since` is the second of Stripe's clock from which on events may be missing; None for that of the last walk.
    """
    walk, _ = SyncCursor.objects.get_or_create(noun=WALK, account=account, defaults={"started_at": clock.now()})
    if since is None:
        last, oldest = SyncCursor.objects.filter(noun=LISTED, account=account).first(), clock.timestamp() - KEPT
        since = max(oldest, int(last.started_at.timestamp()) - OVERLAP) if last else oldest
    found, params = 0, {"created": {"gte": since}}
    try:
        for page in client.pages("/v1/events", params, account=account or None, after=walk.after):
            found += store(page.data["data"], account)
            if page.data["data"]:
                SyncCursor.objects.filter(pk=walk.pk).update(after=page.data["data"][-1]["id"])
    except Refused as refused:
        SyncCursor.objects.filter(pk=walk.pk).delete()  # such as for an event to go on from that is no longer listed
        if not account or not means_gone(refused):
            raise
        mirror.account_model().objects.get(pk=account).refresh()
        return found
    SyncCursor.objects.update_or_create(
        noun=LISTED, account=account, defaults={"started_at": walk.started_at, "finished_at": timezone.now()}
    )
    SyncCursor.objects.filter(pk=walk.pk).delete()
    return found


def store(payloads: Sequence[dict[str, Any]], account: str) -> int:
    """Store a page's events; how many were new. What a connected account lists does not name the account."""
    events = []
    for payload in payloads:
        try:
            events.append(intake.event_of(intake.storable(payload), source="catch_up", account=account))
        except intake.Rejected as rejected:
            logger.warning("catch-up passed over %s: %s", payload.get("id"), rejected)
    known = set(Event.objects.filter(pk__in=[event.pk for event in events]).values_list("pk", flat=True))
    new = [event for event in events if event.pk not in known]
    intake.keep(new)
    return len(new)
