"""The console's copy of a world that is gone: emptied before another begins. Ours (audit, operations) stays."""

from django.core.cache import cache

from accounts.history.models import Requirement, StateChange
from gateway import clock
from gateway.mirror import REGISTRY
from gateway.models import Drift, Event, SyncCursor


def forget() -> None:
    """Delete every mirrored row, its history, the events, and what was found by comparing."""
    mirrored = [model.every.all() for model in REGISTRY.values()]
    others = [model.objects.all() for model in (Requirement, StateChange, Event, SyncCursor, Drift)]
    for rows in (*mirrored, *others):
        rows._raw_delete(rows.db)
    cache.clear()
    clock.forget()
